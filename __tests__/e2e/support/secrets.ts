import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { StepResult } from '../../../runner/index.js';
import type { World } from './world.js';

/** A place in which a secret was found. */
export interface Leak {
  where: string;
  /** `plain`, `base64` (also inside of a longer text), `url`, `json`: its escaped form. */
  as: string;
}

/**
 * Looks for secrets in every byte that runs wrote: raw logs, summaries, outputs, states, environment and files that outlive
 * them, and in what the platform was told and tells others. A line that masks a value has to name it.
 */
export async function findSecrets(world: World, secrets: readonly string[]): Promise<Leak[]> {
  const places = new Map<string, Buffer>();
  for (const [number, run] of world.runs.entries()) {
    addStep(places, `run ${number + 1}`, run);
    if (run.post) addStep(places, `post of run ${number + 1}`, run.post);
  }
  for (const file of await filesOf(world.dir)) {
    // The workspaces are the user's own, and so is the CLI of the test.
    const name = relative(world.dir, file);
    if (name.startsWith('runner-')) places.set(name, await readFile(file));
  }
  const { foundry } = world;
  for (const [name, told] of [
    ['requests', await foundry.requests()],
    ['state', await foundry.state()],
    ['history', await foundry.history()],
    ['log of the platform', foundry.log()],
  ] as const) {
    places.set(name, Buffer.from(typeof told === 'string' ? told : JSON.stringify(told)));
  }
  return searchPlaces(places, secrets);
}

/** Place by place, each way in which a secret may stand there. */
export function searchPlaces(places: ReadonlyMap<string, Buffer>, secrets: readonly string[]): Leak[] {
  const forms = secrets.flatMap((secret) => formsOf(secret));
  return [...places].flatMap(([where, bytes]) => {
    const ways = new Set(forms.filter(([, form]) => bytes.includes(form)).map(([as]) => as));
    return [...ways].map((as) => ({ where, as }));
  });
}

function addStep(places: Map<string, Buffer>, name: string, step: StepResult): void {
  const { log, summary, outputs, state, env, path, annotations } = step;
  const unmasking = log.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  places.set(`log of ${name}`, Buffer.from(unmasking.join('\n')));
  places.set(`summary of ${name}`, Buffer.from(summary));
  for (const [what, value] of Object.entries({ outputs, state, env, path, annotations })) {
    places.set(`${what} of ${name}`, Buffer.from(JSON.stringify(value)));
  }
}

/** @returns how a secret may stand somewhere, with a name for each way */
function formsOf(secret: string): [as: string, form: string][] {
  return [
    ['plain', secret],
    ...[0, 1, 2].map((before): [string, string] => ['base64', base64Within(secret, before)]),
    ['url', encodeURIComponent(secret)],
    ['json', JSON.stringify(secret).slice(1, -1)],
  ];
}

/** The characters that base64 gives to the secret alone when `before` bytes more than a multiple of three stand before it. */
function base64Within(secret: string, before: number): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
  return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
