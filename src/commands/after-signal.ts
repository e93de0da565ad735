/** How long a run goes on once it was cancelled. */
import { setMaxListeners } from 'node:events';
import type { Ports } from './open.js';

/** Between the runner's SIGINT and its SIGTERM (actions/runner, Runner.Sdk/ProcessInvoker.cs). */
const RUNNER_LEAVES_MS = 7_500;
/** For what comes after: the report, the end of the sign-in, private files. */
const FOR_THE_END_MS = 2_500;
const UNDO_MS = RUNNER_LEAVES_MS - FOR_THE_END_MS;

interface AfterSignal {
  /** Aborted when the time is over, or by a second signal. */
  signal: AbortSignal;
  /** Lets the process end before. */
  close(): void;
}

/** @returns what is not aborted by the first signal, but soon after it */
export function afterSignal({
  clock,
  signal,
  again,
}: Pick<Ports, 'clock' | 'signal' | 'again'>): AfterSignal {
  const over = new AbortController();
  const closed = new AbortController();
  const begin = () => {
    clock.sleep(UNDO_MS, closed.signal).then(
      () => over.abort(signal.reason),
      () => undefined,
    );
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  const ending = again ? AbortSignal.any([over.signal, again]) : over.signal;
  // Every call under way listens to it.
  setMaxListeners(0, ending);
  return {
    signal: ending,
    close: () => {
      signal.removeEventListener('abort', begin);
      closed.abort();
    },
  };
}
