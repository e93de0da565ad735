import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { HistoryEntry, PlatformState } from '../traffic/history.js';

/** The foundry's first line, as `npm run foundry` prints it. */
export interface FoundryAccess {
  api: string;
  router: string;
  /** Where TLS ends, as `host:port`; only with the flag `--edge`. */
  edge?: string;
  apps_domain: string;
  username: string;
  password: string;
  org: string;
  space: string;
}

/** One API request as the foundry recorded it. */
export interface ApiRequest {
  method: string;
  path: string;
  status: number;
}

export interface Foundry extends FoundryAccess {
  pid: number;
  history(): Promise<HistoryEntry[]>;
  state(): Promise<PlatformState>;
  requests(): Promise<ApiRequest[]>;
  /** Any other call under `/__foundry/`. Throws when it is not answered by 2xx. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  /** What it wrote to standard error so far. */
  log(): string;
  /** Ends it and, with it, every instance. */
  stop(): Promise<void>;
}

/**
 * Starts the foundry in a process of its own, with the flags of `npm run foundry`, and waits for its first line.
 * Throws when it ends before.
 */
export async function startFoundry(flags: readonly string[] = []): Promise<Foundry> {
  const main = fileURLToPath(new URL('../foundry/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const firstLine = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const died = once(child, 'close').then(([code]) => {
    throw new Error(`the foundry ended (${String(code)}): ${complaint.trim()}`);
  });
  died.catch(() => undefined);
  const [line] = await Promise.race([firstLine, died]);
  const access = JSON.parse(line) as FoundryAccess;

  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${access.api}/__foundry/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /__foundry/${path} answered ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    ...access,
    pid: child.pid ?? 0,
    history: async () => (await control('GET', 'history')) as HistoryEntry[],
    state: async () => (await control('GET', 'state')) as PlatformState,
    requests: async () => (await control('GET', 'requests')) as ApiRequest[],
    control,
    log: () => complaint,
    stop: () => end(child),
  };
}

/** More than the platform's own 10 seconds between SIGTERM and SIGKILL of an instance. */
const STOP_MS = 20_000;

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await closed;
  clearTimeout(late);
}
