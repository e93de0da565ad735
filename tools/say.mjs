/** What set-up says goes to standard error: standard output belongs to the task (the foundry's first line is a contract). */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** Runs `work` and says one line with its duration when it is done. */
export async function timed(what, work) {
  const start = performance.now();
  try {
    const result = await work();
    say(`${what}: ${seconds(start)}`);
    return result;
  } catch (error) {
    say(`${what}: failed after ${seconds(start)}`);
    throw error;
  }
}
