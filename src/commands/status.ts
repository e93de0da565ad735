/** `status`: what is live, what is kept, what is under way. Changes nothing. */
import { loadManifest } from '../manifest/load.js';
import type { Inputs, RunContext } from '../model/asked.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { open, type Ports } from './open.js';
import { type Outcome, outcomeSeen } from './outcome.js';

export async function status(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const names = inputs.app
    ? [inputs.app]
    : (await loadManifest(inputs, context.workspace)).apps.map(({ name }) => name);
  const { platform, target, cf, close } = await open(inputs, context, ports);
  try {
    const apps = await Promise.all(
      names.map(async (name) =>
        outcomeSeen(await takeSnapshot(platform, target, { name, wanted: [] }), inputs.router),
      ),
    );
    return { result: 'shown', apps, cfVersion: cf.version };
  } finally {
    await close();
  }
}
