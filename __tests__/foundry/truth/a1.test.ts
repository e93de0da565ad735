import { describe } from '@jest/globals';
import { cancels, states, updater } from './a1-course.js';
import { atOnce, refusals, shown } from './a1-create.js';
import { reactions } from './a1-reactions.js';
import { place } from './place.js';
import { tell } from './table.js';

describe('A1.1: what a deployment shows', () => tell(shown, place));
describe('A1.2: what a deployment refuses', () => tell(refusals, place));
describe('A1.2: what it does at once', () => tell(atOnce, place));
describe('A1.3: its states', () => tell(states, place));
describe('A1.4: cancel and continue', () => tell(cancels, place));
describe('A1.5: each look of the updater', () => tell(updater, place));
describe('A1.6: what else happens meanwhile', () => tell(reactions, place));
