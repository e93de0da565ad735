import { setMaxListeners } from 'node:events';
import { Cancelled } from '../model/errors.js';

/** What of a process is needed here. */
type Signalled = Pick<NodeJS.Process, 'on' | 'off'>;

/**
 * Turns the runner's cancelling (SIGINT, 7.5 s later SIGTERM) into an abort with `Cancelled` as its reason. The process then
 * ends by its own code, not by the signal. `close` gives the signals their usual effect back.
 */
export function listenForSignals(of: Signalled): { signal: AbortSignal; close(): void } {
  const controller = new AbortController();
  // Every call under way listens to it; Node would call more than ten a leak.
  setMaxListeners(0, controller.signal);
  const interrupted = () => controller.abort(new Cancelled('cancelled (SIGINT)'));
  const terminated = () => controller.abort(new Cancelled('cancelled (SIGTERM)'));
  of.on('SIGINT', interrupted);
  of.on('SIGTERM', terminated);
  return {
    signal: controller.signal,
    close() {
      of.off('SIGINT', interrupted);
      of.off('SIGTERM', terminated);
    },
  };
}
