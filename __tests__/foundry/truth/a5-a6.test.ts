import { describe } from '@jest/globals';
import { checkRows } from './a5.js';
import { cellar, cellRows } from './a5-cells.js';
import { quotaRows } from './a6.js';
import { place } from './place.js';
import { tell } from './table.js';

describe('A5: checks and instances as they are shown', () => tell(checkRows, place));
describe('A4 and A5: what becomes of an instance', () => tell(cellRows, cellar));
describe('A6: quotas', () => tell(quotaRows, place));
