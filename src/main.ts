/** Inputs -> command -> report. The one place that catches. */
import { abort } from './commands/abort.js';
import { deploy } from './commands/deploy.js';
import type { Ports } from './commands/open.js';
import type { Outcome } from './commands/outcome.js';
import { eventOf, preview } from './commands/preview.js';
import { previewDelete } from './commands/preview-delete.js';
import { promote } from './commands/promote.js';
import { restart } from './commands/restart.js';
import { rollback } from './commands/rollback.js';
import { setup } from './commands/setup.js';
import { whySkipped } from './commands/skipped.js';
import { status } from './commands/status.js';
import { sweep } from './commands/sweep.js';
import { readContext } from './github/context.js';
import { pagesOf } from './github/pages.js';
import type { Inputs, RunContext } from './model/asked.js';
import { Refused } from './model/errors.js';
import { tellPullRequest } from './report/comment.js';
import { report } from './report/index.js';
import type { Log } from './report/log.js';
import { previewTeller } from './report/preview.js';
import { recordOf } from './report/record.js';
import { recording } from './report/recording.js';
import { createShown, hiding, inputsOf, type ProcessPorts } from './report/shown.js';
import { sendTelemetry, telemetryOf } from './report/telemetry.js';
import { commandText } from './report/untrusted.js';
import { reportPath, writeReport } from './report/written.js';

const COMMANDS = {
  ...{ deploy, promote, abort, rollback, restart, restage: restart },
  ...{ preview, 'preview-delete': previewDelete, sweep, status, setup },
};

/** @returns the exit code */
export async function main({
  portsFor,
  core,
  clock,
  env,
  files,
  missing = [],
  reports,
  write,
}: ProcessPorts): Promise<number> {
  const shown = createShown({ clock, write, setSecret: core.setSecret });
  const { log, redact } = shown;
  const pages = pagesOf(readContext(env));
  let wantsSummary = true;
  let tellOthers: (outcome: Outcome) => Promise<void> = async () => {};
  let writeFiles: (outcome: Outcome) => Promise<Outcome> = async (outcome) => outcome;
  let tellTelemetry: (outcome: Outcome) => Promise<void> = async () => {};
  const ended = await run().catch((error): Outcome => ({ result: 'refused', error, apps: [] }));
  const outcome = await writeFiles(ended);
  const failed = await report(outcome, log, { ...core, redact }, wantsSummary, pages).catch((error) => {
    core.error(commandText(`The result could not be reported: ${error}`, redact), { title: 'internal' });
    return true;
  });
  await tellOthers(outcome);
  await tellTelemetry(outcome);
  return failed ? 1 : 0;

  async function run(): Promise<Outcome> {
    const context = readContext(env);
    const why = whySkipped(env, context, await eventOf(context, { files }));
    if (why !== undefined) {
      log.tell({ type: 'note', text: why });
      return { result: 'skipped', apps: [] };
    }
    const inputs = inputsOf(env, shown);
    wantsSummary = inputs.summary;
    assertFiles(missing, log);
    for (const text of inputs.warnings) log.tell({ type: 'warning', text });
    const ports = portsOf(inputs, context);
    const telling = { ...ports, http: ports.publicHttp, redact };
    const teller = previewTeller(inputs, context, log, telling);
    tellOthers = async (outcome) => {
      await tellPullRequest(outcome, inputs, context, log, telling);
      await teller.end(outcome);
    };
    await teller.begin();
    return await COMMANDS[inputs.command](inputs, context, ports);
  }

  function portsOf(inputs: Inputs, context: RunContext): Ports {
    const ports = hiding(portsFor(inputs, log), shown);
    const { report: path } = inputs;
    const telemetry = telemetryOf(env);
    const isWritten = path !== undefined && reports !== undefined;
    if (!isWritten && !telemetry) return ports;
    log.recorder.keepAll();
    const asked = { inputs, context };
    if (isWritten) {
      reportPath(path, context.workspace);
      writeFiles = async (outcome) => {
        const written = await writeReport(outcome, { path, asked, reports, log, redact });
        return written === undefined ? outcome : { ...outcome, report: written };
      };
    }
    if (telemetry)
      tellTelemetry = async (outcome) => {
        const record = recordOf(outcome, log.recorder.story(), log.elapsedMs(), asked, redact);
        const hurried = ports.signal.aborted;
        await sendTelemetry(record, telemetry, { http: ports.publicHttp, log, hurried });
      };
    return recording(ports, log.recorder, inputs.api);
  }
}

/** What a step cannot tell the runner is lost for the steps after it. The summary only informs. */
function assertFiles(missing: readonly string[], log: Log): void {
  const [summary, rest] = [SUMMARY, missing.filter((name) => name !== SUMMARY)];
  if (missing.includes(summary))
    log.tell({
      type: 'warning',
      text: `${summary} names a file that cannot be written: there is no job summary.`,
    });
  if (rest.length === 0) return;
  throw new Refused(
    `${rest.join(', ')}: the runner names files here that cannot be written, so what this step finds out would be lost.`,
    `See that these files are there and have room, or leave the variables out: then it is written to the log.`,
    'runner-files',
  );
}

const SUMMARY = 'GITHUB_STEP_SUMMARY';
