/** An app that is changed in place, as it was before. */
import { ours, process } from '../strategies/support.js';

/** When the clock of a scripted world begins. */
export const START_MS = 1_000_000;
export const BEFORE = { guid: 'old', version: 'v1', ran: true, dropletGuid: 'd1', destinations: [] };
export const LIVE = ours('old', 'live', 'v1', {
  name: 'shop',
  processes: [process('web', 3, { guid: 'old-web' })],
  currentDropletGuid: 'd1',
});
