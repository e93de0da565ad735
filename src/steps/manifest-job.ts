/**
 * The platform's job that applies a manifest to live. It may begin and end after the run that asked for it is gone: the lock says
 * before it is asked for that one may come, and which one it is as soon as that is known.
 */
import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import { ANNOTATION } from '../platform/names.js';
import { type AppWorld, lockOf, note, type World } from './world.js';

interface Applying {
  /** Its GUID. */
  job?: string;
  /** When one was asked for of which no GUID is known, milliseconds of the platform's clock: the newest of these. */
  lostMs?: number;
}

/** The platform's workers look for jobs every 5 s, and one of these takes seconds; nobody can ask about a job without its GUID. */
const LOST_JOB_MS = 30_000;

/** A job that this deploy asked for before is followed to its end: only where there is none the manifest is sent (again). */
export async function applyManifest(manifest: string, app: AppWorld, world: World): Promise<void> {
  const { platform, target } = world;
  const { guid, annotations } = lockOf(app);
  const before = read(annotations);
  if (before.job !== undefined && !(await isGone(platform.finishJob(before.job)))) return;
  const record = (applying: Applying | null) =>
    platform.updateApp(guid, {
      annotations: { [ANNOTATION.applying]: applying && JSON.stringify(applying) },
    });
  const { lostMs } = before;
  await record({ lostMs: platform.platformNowMs() });
  let job: string;
  try {
    job = await platform.applyManifest(target.spaceGuid, manifest);
  } catch (error) {
    const mayCome = !(error instanceof PlatformFault) || error.ambiguous;
    if (!mayCome || error instanceof PlatformRefusal) await record(lostMs === undefined ? null : { lostMs });
    throw error;
  }
  await record({ job, ...(lostMs === undefined ? {} : { lostMs }) });
  await platform.finishJob(job);
}

/** Until no job that this deploy asked for can change live any more, however the job ends. */
export async function outlastManifest(app: AppWorld, world: World): Promise<void> {
  const { platform, clock, signal } = world;
  const { job, lostMs } = read(lockOf(app).annotations);
  if (job !== undefined) {
    try {
      await isGone(platform.finishJob(job));
    } catch (error) {
      if (!(error instanceof PlatformRefusal)) throw error;
    }
  }
  const leftMs =
    lostMs === undefined ? 0 : Math.min(LOST_JOB_MS, lostMs + LOST_JOB_MS - platform.platformNowMs());
  if (leftMs <= 0) return;
  const text = `The platform may still be applying a manifest to ${app.intent.app} whose answer was lost: waiting ${Math.ceil(leftMs / 1_000)} s.`;
  note(world, text);
  await clock.sleep(leftMs, signal);
}

/** The platform forgets jobs long after their end. Throws what else `end` throws. */
async function isGone(end: Promise<void>): Promise<boolean> {
  try {
    await end;
    return false;
  } catch (error) {
    if (error instanceof PlatformFault && error.status === 404) return true;
    throw error;
  }
}

function read(annotations: Readonly<Record<string, string>>): Applying {
  try {
    return (JSON.parse(annotations[ANNOTATION.applying] ?? '{}') ?? {}) as Applying;
  } catch {
    return {};
  }
}
