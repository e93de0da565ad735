/** Entry of the action: wires the real ports, runs main or post, sets the exit code. */
import * as core from '@actions/core';
import { main } from './main.js';
import { post } from './post.js';
import { createChildren } from './system/children.js';
import { realClock } from './system/clock.js';
import { files } from './system/files.js';
import { createHttp } from './system/http.js';
import { realRandom } from './system/random.js';
import { listenForSignals } from './system/signals.js';

const IS_POST = 'is-post';

if (core.getState(IS_POST)) {
  process.exitCode = await post(core.getState, files, core.warning);
} else {
  core.saveState(IS_POST, 'true');
  const { signal, close } = listenForSignals(process);
  process.exitCode = await main({
    core: {
      ...core,
      summary: async (markdown) => {
        if (process.env.GITHUB_STEP_SUMMARY) await core.summary.addRaw(markdown, true).write();
      },
    },
    clock: realClock,
    env: process.env,
    write: (line) => process.stdout.write(`${line}\n`),
    portsFor: (inputs, listener) => ({
      http: createHttp({ ...inputs, env: process.env }),
      publicHttp: createHttp({ skipSslValidation: false, env: process.env }),
      children: createChildren(),
      clock: realClock,
      random: realRandom,
      env: process.env,
      files,
      listener,
      signal,
      runner: core,
    }),
  });
  close();
}
