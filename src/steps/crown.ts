import { PlatformRefusal } from '../model/errors.js';
import { ANNOTATION, appKey, isOfRollback, LABEL, PREFIX } from '../platform/names.js';
import { earlierAfter, isOfEarlier, leftNow, packagesGivenUp } from './earlier.js';
import type { Step } from './step.js';
import { hasItsBits, hasItsCopy } from './vouched.js';
import { type AppWorld, appOn, lockOf, type StepKind, type World } from './world.js';

/** What belongs to the candidate alone, and goes with it. */
const OF_CANDIDATE: readonly string[] = [
  ANNOTATION.journal,
  ANNOTATION.heartbeat,
  ANNOTATION.copiedDroplet,
  ANNOTATION.pushedToLive,
  ANNOTATION.judged,
  ANNOTATION.applying,
  ANNOTATION.package,
  ANNOTATION.droplet,
  ANNOTATION.takenFrom,
  ANNOTATION.target,
  ANNOTATION.carried,
];

/** What says which bits an app has that was no copy. */
const VOUCHING: readonly string[] = [ANNOTATION.package, ANNOTATION.droplet];

/** Name, facts and hashes of the version: in one call, so that live is never called by one and described by another. */
export const crown: StepKind<Step & { do: 'crown' }> = {
  title: (_step, { app, version }) => `call ${app} by its version ${version}`,
  plan: (_step, { version }) => [
    `PATCH /v3/apps/<live> label role=live, version=${version}, annotations of the version, ${ANNOTATION.earlier}`,
  ],
  run: async (_step, app, world) => {
    const { intent } = app;
    const { guid, annotations } = appOn('live', app);
    const candidate = appOn('candidate', app);
    const said = Object.entries(candidate.annotations).filter(([key]) => isOfVersion(key));
    // The copy of a droplet has no package: the one of an earlier version would vouch for bits that are not its own.
    const gone = Object.keys(annotations).filter((key) => isOfVersion(key) || VOUCHING.includes(key));
    await world.platform.updateApp(guid, {
      labels: {
        ...intent.preview,
        [LABEL.role]: intent.preview ? 'preview' : 'live',
        [LABEL.app]: appKey(intent.app),
        [LABEL.version]: intent.version,
        [LABEL.phase]: null,
        [LABEL.owner]: null,
      },
      annotations: {
        ...Object.fromEntries<string | null>(gone.map((key) => [key, null])),
        ...Object.fromEntries(said),
        ...(await earlierOf(app, world)),
      },
    });
  },
};

function isOfVersion(key: string): boolean {
  if (!key.startsWith(`${PREFIX}/`) || isOfEarlier(key)) return false;
  return !OF_CANDIDATE.some((one) => key === one || key.startsWith(`${one}-`));
}

async function earlierOf(app: AppWorld, { platform }: World) {
  const { intent, snapshot } = app;
  const annotations = snapshot.live?.annotations ?? {};
  const { dropletGuid, guid = '' } = intent.before ?? {};
  // A restart deploys the droplet that live had: a revision that came with it is none of the version before.
  const isOwn = intent.inPlace?.source !== undefined;
  const sinceMs = isOwn ? lockOf(app).createdAtMs : Number.POSITIVE_INFINITY;
  const revision =
    dropletGuid === undefined ? undefined : await revisionOf({ guid, dropletGuid, sinceMs }, platform);
  const isWithdrawn = snapshot.candidate !== undefined && isOfRollback(snapshot.candidate);
  const untilMs = platform.platformNowMs();
  const isStrange = !(await hadItsBits(app, platform));
  const left = leftNow(intent, annotations, { revision, untilMs, isWithdrawn, isStrange });
  const now = snapshot.candidate?.annotations[ANNOTATION.builtOf];
  const givenUp = packagesGivenUp(left, intent.version, annotations, now);
  for (const packageGuid of givenUp) await orKept(platform.deletePackage(packageGuid));
  return earlierAfter(left, intent.version, annotations);
}

/** Live as it was before. Asked only where something is told of its bits, and its droplet is no copy. */
async function hadItsBits({ intent, snapshot }: AppWorld, platform: World['platform']): Promise<boolean> {
  const { dropletGuid } = intent.before ?? {};
  if (!snapshot.live || dropletGuid === undefined) return false;
  const before = { ...snapshot.live, currentDropletGuid: dropletGuid };
  if (!(ANNOTATION.bits in before.annotations) || hasItsCopy(before, snapshot)) return true;
  const droplet = (await platform.droplets(before.guid)).find(({ guid }) => guid === dropletGuid);
  return hasItsBits(before, droplet?.packageGuid, snapshot);
}

/** It only takes room. */
async function orKept(deleted: Promise<void>): Promise<void> {
  await deleted.catch((error) => {
    if (!(error instanceof PlatformRefusal)) throw error;
  });
}

/** It only helps a later way back. */
async function revisionOf(
  { guid, dropletGuid, sinceMs }: { guid: string; dropletGuid: string; sinceMs: number },
  platform: World['platform'],
): Promise<number | undefined> {
  try {
    const before = (await platform.revisions(guid)).filter(({ createdAtMs }) => createdAtMs < sinceMs);
    return before.find((one) => one.dropletGuid === dropletGuid)?.version;
  } catch (error) {
    if (error instanceof PlatformRefusal) return undefined;
    throw error;
  }
}
