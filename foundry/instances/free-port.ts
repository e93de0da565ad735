import { createServer } from 'node:net';

/** Below the ports that Linux and macOS give to outgoing connections, so that nothing takes one before the app binds it. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

export interface Ports {
  /** A loopback port that nobody listens on and that is ours until it is given back. */
  take(): Promise<number>;
  give(port: number): void;
}

export function createPorts(): Ports {
  const taken = new Set<number>();
  return {
    async take() {
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
        if (taken.has(port)) continue;
        taken.add(port);
        if (await isFree(port)) return port;
        taken.delete(port);
      }
      throw new Error(`no free port between ${LOWEST} and ${HIGHEST}`);
    },
    give: (port) => void taken.delete(port),
  };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
