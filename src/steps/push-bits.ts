import { isDeepStrictEqual } from 'node:util';
import { allOf } from '../engine/converge.js';
import type { Package } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import { ANNOTATION, candidateName } from '../platform/names.js';
import { applyPushed, pushTo } from './apply-to-candidate.js';
import { copyForBits } from './copy-package.js';
import { isPushed } from './routes.js';
import type { Step } from './step.js';
import { packageWith } from './vouched.js';
import {
  type AppWorld,
  appOn,
  type Fingerprint,
  note,
  type Push,
  type StepKind,
  type World,
} from './world.js';

/**
 * Manifest and bits go up with the cf CLI, and the package is recorded: no other one is ever built or started. Where the platform has
 * the same bits already, as a package of live's own or of another app of this deploy, a copy of that package is as good: the manifest
 * is then applied by a call of ours.
 */
export const pushBits: StepKind<Step & { do: 'push-bits' }> = {
  title: (_step, { docker }) => (docker ? 'push the name of the image' : 'push the bits'),
  plan: (_step, { app, docker, byV6 }) => [
    ...(byV6
      ? [
          'POST /v3/spaces/<space>/actions/apply_manifest <candidate manifest>, GET /v3/jobs/<job> until COMPLETE',
          `cf v3-create-package ${candidateName(app)} -p <bits>`,
        ]
      : [
          `cf push ${candidateName(app)} --no-start -f <candidate manifest> --vars-file <private file>${docker ? ' --docker-image <image>' : ''}`,
        ]),
    ...(docker
      ? []
      : [
          'instead, where live or another app of this deploy has the same bits: apply_manifest, POST /v3/packages?source_guid=<its package>',
        ]),
    `PATCH /v3/apps/<candidate> annotations ${ANNOTATION.package}, ${ANNOTATION.bits}, ${ANNOTATION.manifestHash}`,
  ],
  run: async (_step, app, world) => {
    const { uploads, platform } = world;
    const [first, before] = await Promise.all([
      world.fingerprint(app.intent.app),
      platform.packages(appOn('candidate', app).guid),
    ]);
    // Of an image only the name goes up.
    const bits = app.intent.docker ? undefined : first?.bits;
    if (first === undefined || bits === undefined) return void (await upload(first, before, app, world));
    const ofLive = await packageOfLive(bits, app, world);
    if (ofLive !== undefined && (await takeCopy(ofLive, 'live', first, app, world))) return;
    const ofOther = uploads.get(bits);
    if (ofOther && (await takeCopy(ofOther, 'another app of this deploy', first, app, world))) return;
    // What a copy that failed has left is none that the push made.
    const there = (ofLive ?? ofOther) ? platform.packages(appOn('candidate', app).guid) : before;
    const made = upload(first, there, app, world);
    // Whoever waits for it goes on alone where it fails, and whoever comes later begins anew.
    const known = made
      .catch(() => undefined)
      .then((guid) => {
        if (guid === undefined) uploads.delete(bits);
        return guid;
      });
    if (!ofOther) uploads.set(bits, known);
    await made;
  },
};

/**
 * @param before what the candidate had before the push
 * @returns guid of the package; undefined where it may hold other bits than at first
 */
async function upload(
  first: Fingerprint | undefined,
  before: readonly Package[] | Promise<readonly Package[]>,
  app: AppWorld,
  { platform, fingerprint, pushBits: push }: World,
): Promise<string | undefined> {
  const { guid, name } = appOn('candidate', app);
  const had = await before;
  await push(withTrial(app));
  const [packages, last] = await Promise.all([platform.packages(guid), fingerprint(app.intent.app)]);
  const made = packages
    .filter((one) => !had.some((old) => old.guid === one.guid))
    .sort((one, other) => other.createdAtMs - one.createdAtMs)[0];
  if (!made) throw new PlatformFault(`${name} has no new package after cf push.`, false);
  // Between the two looks at the disk the CLI took what is there: what holds at both ends holds for what was pushed.
  const hashes = isDeepStrictEqual(first, last) ? first : undefined;
  await record(made.guid, hashes, app, platform);
  return hashes && made.guid;
}

function withTrial(app: AppWorld): Push {
  const [trial] = app.intent.trials;
  return { ...pushTo(app), ...(trial && isPushed(trial.to) ? { trialUrl: trial.route.url } : {}) };
}

async function packageOfLive(
  bits: string,
  { snapshot }: AppWorld,
  { platform }: World,
): Promise<string | undefined> {
  const { live } = snapshot;
  if (live?.annotations[ANNOTATION.bits] !== bits) return undefined;
  const [droplet, packages] = await Promise.all([
    platform.currentDroplet(live.guid),
    platform.packages(live.guid),
  ]);
  return packageWith(bits, live, droplet?.packageGuid, packages, snapshot);
}

/** Manifest and copy come side by side. @returns whether both came; else the push does it all, once more */
async function takeCopy(
  source: string | Promise<string | undefined>,
  whose: string,
  hashes: Fingerprint,
  app: AppWorld,
  world: World,
): Promise<boolean> {
  const { guid, name } = appOn('candidate', app);
  let applied = false;
  const applies = async () => {
    try {
      await applyPushed(withTrial(app), world);
      applied = true;
    } catch (error) {
      // A service broker may be at work for another app: what the CLI says of that is known, and repeated.
      if (!(error instanceof PlatformRefusal)) throw error;
      note(world, `${name}: the cf CLI pushes it all. ${error.message}`);
    }
  };
  let copy: string | undefined;
  const copies = async () => {
    const packageGuid = await source;
    if (packageGuid !== undefined) copy = await copyForBits(packageGuid, guid, world);
  };
  const works = [applies, copies];
  await allOf(works, works.length, (work) => work());
  if (!applied || copy === undefined) return false;
  await record(copy, hashes, app, world.platform);
  note(world, `${name}: nothing was uploaded, its bits are those of ${whose}.`);
  return true;
}

/** The last word of the step. @param hashes undefined: they cannot be told of what went up */
async function record(
  packageGuid: string,
  hashes: Fingerprint | undefined,
  app: AppWorld,
  platform: World['platform'],
): Promise<void> {
  app.found.unbuilt = packageGuid;
  await platform.updateApp(appOn('candidate', app).guid, {
    annotations: {
      [ANNOTATION.package]: packageGuid,
      [ANNOTATION.bits]: hashes?.bits ?? null,
      [ANNOTATION.manifestHash]: hashes?.manifest ?? null,
    },
  });
}
