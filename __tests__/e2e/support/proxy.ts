/** A proxy in a process of its own, as a company has between its runners and a platform. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface RunningProxy {
  /** With its user and password, for `https_proxy`. */
  url: string;
  password: string;
  /** Where tunnels were asked for, as `host:port`; each one once. */
  targets(): string[];
  /** How many were asked for without the password. */
  refused(): number;
  /** Breaks every open tunnel to targets that begin so. */
  drop(begin: string): void;
  stop(): Promise<void>;
}

/** @param to `host:port` to which every name leads */
export async function startProxy(to: string): Promise<RunningProxy> {
  const password = `proxy-Pw8${process.pid}`;
  const path = fileURLToPath(new URL('./proxy-process.js', import.meta.url));
  const child = fork(path, [to, `runner:${password}`]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const targets = new Set<string>();
  let refused = 0;
  child.on('message', ({ target, allowed }: { target: string; allowed: boolean }) => {
    targets.add(target);
    if (!allowed) refused += 1;
  });
  return {
    url: `http://runner:${password}@127.0.0.1:${port}`,
    password,
    targets: () => [...targets],
    refused: () => refused,
    drop: (begin) => void child.send({ drop: begin }),
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
