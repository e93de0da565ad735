import { describe } from '@jest/globals';
import { destinationRows, nameRows } from './a3-destinations.js';
import { creation } from './a3-routes.js';
import { place } from './place.js';
import { tell } from './table.js';

describe('A3: routes and domains', () => tell(creation, place));
describe('A3: destinations', () => tell(destinationRows, place));
describe('A3: names and codes', () => tell(nameRows, place));
