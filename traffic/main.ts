/**
 * The traffic client as a process: the options as one JSON argument, first line `{"started": ms}`. A line `figures` on
 * standard input prints `{"figures": …}`; `stop`, the end of standard input, SIGTERM and SIGINT print `{"final": …}` and end it.
 */
import { createInterface } from 'node:readline';
import { startLoad, type TrafficOptions } from './load.js';

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const load = startLoad(JSON.parse(process.argv[2] ?? '{}') as TrafficOptions);
say({ started: Date.now() });

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (line === 'figures') say({ figures: load.figures() });
  if (line === 'stop') void load.stop();
});
// Whoever started this is gone, or has heard enough: no load without a listener.
lines.on('close', () => void load.stop());
process.on('SIGTERM', () => void load.stop());
process.on('SIGINT', () => void load.stop());

const final = await load.ended;
say({ final });
lines.close();
process.stdin.destroy();
