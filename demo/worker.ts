/**
 * Works something off, as a process that no router leads to: says in the file that `app.json` names when it began, that it is at work,
 * and when it ended. At SIGTERM it finishes what is under way.
 */
import { appendFileSync, readFileSync } from 'node:fs';

/** One line of the file, as JSON. */
export interface Work {
  /** Of the process. */
  pid: number;
  /** Process type, by which several of them tell themselves apart. */
  as: string;
  version: string;
  did: 'begin' | 'work' | 'end';
  atMs: number;
}

interface Told {
  version: string;
  /** Absolute path; the processes of all versions share it. */
  worksOn: string;
  /** Ends with exit status 1 as soon as it began. */
  workFails?: boolean;
}

const EACH_MS = 40;
const LAST_MS = 4_000;

const { version, worksOn, workFails } = JSON.parse(readFileSync('app.json', 'utf8')) as Told;
const [, , as = 'worker'] = process.argv;

function say(did: Work['did']): void {
  const line: Work = { pid: process.pid, as, version, did, atMs: Date.now() };
  appendFileSync(worksOn, `${JSON.stringify(line)}\n`);
}

if (workFails) {
  console.error('cannot work: the queue is not there');
  process.exit(1);
}
say('begin');
const work = setInterval(() => say('work'), EACH_MS);
process.on('SIGTERM', () => {
  setTimeout(() => {
    clearInterval(work);
    say('end');
    process.exit(0);
  }, LAST_MS);
});
