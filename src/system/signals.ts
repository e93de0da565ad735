import { setMaxListeners } from 'node:events';
import { Cancelled } from '../model/errors.js';

/** What of a process is needed here. */
type Signalled = Pick<NodeJS.Process, 'on' | 'off'>;

interface Signals {
  /** Aborted by the first one. */
  signal: AbortSignal;
  /** Aborted by the second one: not a moment is left. */
  again: AbortSignal;
  close(): void;
}

/**
 * Turns the runner's cancelling (SIGINT, 7.5 s later SIGTERM) into an abort with `Cancelled` as its reason. The process then
 * ends by its own code, not by the signal. `close` gives the signals their usual effect back.
 */
export function listenForSignals(of: Signalled): Signals {
  const [first, second] = [new AbortController(), new AbortController()];
  // Every call under way listens to it; Node would call more than ten a leak.
  for (const { signal } of [first, second]) setMaxListeners(0, signal);
  const hear = (name: string) => () =>
    (first.signal.aborted ? second : first).abort(new Cancelled(`cancelled (${name})`));
  const [interrupted, terminated] = [hear('SIGINT'), hear('SIGTERM')];
  of.on('SIGINT', interrupted);
  of.on('SIGTERM', terminated);
  return {
    signal: first.signal,
    again: second.signal,
    close() {
      of.off('SIGINT', interrupted);
      of.off('SIGTERM', terminated);
    },
  };
}
