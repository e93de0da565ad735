import { describe } from '@jest/globals';
import { dropletRows, metadataRows } from './a2-droplets.js';
import { revisionRows } from './a2-revisions.js';
import { place } from './place.js';
import { tell } from './table.js';

describe('A2: revisions', () => tell(revisionRows, place));
describe('A2: droplets', () => tell(dropletRows, place));
describe('A2: metadata, names and ports', () => tell(metadataRows, place));
