import type { Server } from 'node:net';
import { listening, ownBlock } from '../own-block.js';

/** Below the ports that Linux and macOS give to outgoing connections, so that nothing takes one before the app binds it. */
const LOWEST = 20_000;
const BLOCKS = 60;
const BLOCK = 200;

export interface Ports {
  /** A loopback port that nobody listens on and that is ours until it is given back. */
  take(): Promise<number>;
  give(port: number): void;
  close(): void;
}

/**
 * Ports in blocks. A block belongs to whoever listens on its first port, so that two foundries on one machine never give the same
 * port to an app: a health check would take the other one's app for its own. The machine itself gives it back when we die.
 */
export function createPorts(): Ports {
  const guards: Server[] = [];
  const free: number[] = [];
  let opening: Promise<void> = Promise.resolve();

  const openBlock = async () => {
    if (free.length > 0) return;
    const { first, guard } = await ownBlock(LOWEST, BLOCKS, BLOCK);
    guards.push(guard);
    free.push(...Array.from({ length: BLOCK - 1 }, (_, at) => first + 1 + at));
  };

  return {
    async take() {
      for (;;) {
        opening = opening.then(openBlock);
        await opening;
        const port = free.shift();
        if (port === undefined) continue;
        const server = await listening(port);
        if (!server) continue;
        await new Promise((closed) => server.close(closed));
        return port;
      }
    },
    // Last in the row: the one before may still be ending.
    give: (port) => void free.push(port),
    close: () => {
      for (const guard of guards) guard.close();
    },
  };
}
