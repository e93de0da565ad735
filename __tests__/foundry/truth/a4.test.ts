import { describe } from '@jest/globals';
import { town } from '../router/harness.js';
import { instanceRows } from './a4-instances.js';
import { orderRows } from './a4-order.js';
import { routeRows } from './a4-router.js';
import { place } from './place.js';
import { tell } from './table.js';

const timed = () => town({ requestTimeoutMs: 300 });

describe('A4: what the router answers', () => tell(routeRows, timed));
describe('A4: headers that name an instance', () => tell(instanceRows, timed));
describe('A4: when a route is reached', () => tell(orderRows, place));
