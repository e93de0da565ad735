/** `setup`: the cf CLI on the PATH of later steps, signed in to the target. The post step removes both. */
import { extname, join } from 'node:path';
import type { Inputs, RunContext } from '../model/asked.js';
import { open, type Ports } from './open.js';
import type { Outcome } from './outcome.js';

export async function setup(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const { session, cf } = await open(inputs, context, ports);
  // Found as `cf` whatever the binary's own name is; the folder is private and lives as long as the job.
  const folder = join(session.cfHome, 'bin');
  await ports.files.link(cf.path, join(folder, extname(cf.path) === '.exe' ? 'cf.exe' : 'cf'));
  ports.runner.addPath(folder);
  ports.runner.exportVariable('CF_HOME', session.cfHome);
  return { result: 'ready', apps: [], cfVersion: cf.version };
}
