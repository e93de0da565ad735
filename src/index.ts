/** Entry of the action: wires the real ports, runs main or post, sets the exit code. */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  addPath,
  error,
  exportVariable,
  getState,
  notice,
  saveState,
  setOutput,
  setSecret,
  summary,
  warning,
} from '@actions/core';
import { main } from './main.js';
import { post } from './post.js';
import type { ProcessPorts } from './report/shown.js';
import { createChildren } from './system/children.js';
import { realClock } from './system/clock.js';
import { connect } from './system/connect.js';
import { files } from './system/files.js';
import { createHttp } from './system/http.js';
import { loopback } from './system/loopback.js';
import { realRandom } from './system/random.js';
import { reportsBeside } from './system/reports.js';
import { reportingTo } from './system/runner.js';
import { takeMissingFiles } from './system/runner-files.js';
import { listenForSignals } from './system/signals.js';

const LEFT_BEHIND_MS = 1_000;

const { signal, again, close } = listenForSignals(process);
const shared = { clock: realClock, env: process.env, files };
const core = reportingTo({ error, notice, saveState, setOutput, setSecret, summary }, process.env, (line) =>
  process.stdout.write(`${line}\n`),
);
const ports: ProcessPorts = {
  ...shared,
  missing: takeMissingFiles(process.env),
  core,
  reports: reportsBeside(dirname(realpathSync(process.argv[1] ?? '.'))),
  write: core.write,
  portsFor: (inputs, listener) => ({
    ...shared,
    http: createHttp({ ...inputs, env: process.env }),
    connect,
    publicHttp: createHttp({ ...inputs, skipSslValidation: false, env: process.env }),
    children: createChildren(),
    random: realRandom,
    runner: { addPath, exportVariable, saveState: core.saveState, setSecret },
    loopback,
    listener,
    signal,
    again,
  }),
};
const isPost = getState('is-post') !== '';
core.saveState('is-post', 'true');
process.exitCode = isPost
  ? await post({ ...ports, state: getState, files, warn: warning })
  : await main(ports);
close();
// What was given up and is still on its way (a proxy that never answers) does not hold the job.
setTimeout(() => process.exit(), LEFT_BEHIND_MS).unref();
