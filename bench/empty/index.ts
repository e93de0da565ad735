/** The least that an action with a cf CLI can be: `npm run bench` compares the start of the real one with it. */
import { spawnSync } from 'node:child_process';
import * as core from '@actions/core';

core.getInput('api', { required: true });
const { status } = spawnSync(process.env.CF_CLI ?? 'cf', ['version'], { stdio: 'ignore' });
if (status !== 0) core.setFailed('this cf does nothing');
