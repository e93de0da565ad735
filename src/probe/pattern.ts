import { Worker } from 'node:worker_threads';

// As text, so that it needs no file of its own beside the bundle.
const MATCHING = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.postMessage(new RegExp(workerData.pattern, 'm').test(workerData.text));
`;

/**
 * Whether a user's regular expression (flag `m`) matches an untrusted text. In a thread of its own: a pattern that backtracks
 * without end can be ended, and what else goes on meanwhile (the watch, signals) is not held up.
 * @returns undefined when it was ended after `limitMs`
 * @throws SyntaxError for a pattern that is none
 */
export async function matches(pattern: string, text: string, limitMs: number): Promise<boolean | undefined> {
  const worker = new Worker(MATCHING, { eval: true, workerData: { pattern, text }, env: {}, execArgv: [] });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean | undefined>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      timer = setTimeout(() => resolve(undefined), Math.max(1, limitMs));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
