/** `status`: what is live, what is kept, what is under way. Changes nothing. */
import { loadManifest } from '../manifest/load.js';
import type { Inputs, RunContext } from '../model/asked.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { publicUrl } from '../probe/address.js';
import { servedBy } from '../strategies/view.js';
import { open, type Ports } from './open.js';
import { type AppOutcome, liveNow, type Outcome } from './outcome.js';

export async function status(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const names = inputs.app
    ? [inputs.app]
    : (await loadManifest(inputs, context.workspace)).apps.map(({ name }) => name);
  const { platform, target, cf, close } = await open(inputs, context, ports);
  try {
    const apps = await Promise.all(
      names.map(async (name): Promise<AppOutcome> => {
        const snapshot = await takeSnapshot(platform, target, { name, wanted: [] });
        const { live, candidate } = snapshot;
        const urls = [live, candidate].flatMap((app) => servedBy(snapshot, app)).map(({ url }) => url);
        const version = live?.version;
        return {
          app: name,
          live: liveNow(snapshot, [...new Set(urls)]),
          seenAtMs: snapshot.takenAtMs,
          ...(urls[0] ? { url: publicUrl(urls[0], inputs.router) } : {}),
          ...(version ? { version } : {}),
          ...(candidate?.version
            ? { candidate: { version: candidate.version, phase: candidate.phase ?? 'made' } }
            : {}),
          previous: snapshot.previous.map((app) => app.name),
          failed: snapshot.failed.map((app) => app.name),
        };
      }),
    );
    return { result: 'shown', apps, cfVersion: cf.version };
  } finally {
    await close();
  }
}
