import { describe } from '@jest/globals';
import { atOnce } from './a1-at-once.js';
import { reactions } from './a1-reactions.js';
import { refusals } from './a1-refusals.js';
import { shown } from './a1-shown.js';
import { cancels, states } from './a1-states.js';
import { updater } from './a1-updater.js';
import { place } from './place.js';
import { tell } from './table.js';

describe('A1.1: what a deployment shows', () => tell(shown, place));
describe('A1.2: what a deployment refuses', () => tell(refusals, place));
describe('A1.2: what it does at once', () => tell(atOnce, place));
describe('A1.3: its states', () => tell(states, place));
describe('A1.4: cancel and continue', () => tell(cancels, place));
describe('A1.5: each look of the updater', () => tell(updater, place));
describe('A1.6: what else happens meanwhile', () => tell(reactions, place));
