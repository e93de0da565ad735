import { createServer, type Server } from 'node:net';

export interface Block {
  /** The guard listens on it; the ports after it are the block's. */
  first: number;
  guard: Server;
}

/**
 * A block of loopback ports that no other foundry on this machine has. It belongs to whoever listens on its first port, so the
 * machine itself gives it back when we die. Throws when all are taken.
 */
export async function ownBlock(lowest: number, blocks: number, size: number): Promise<Block> {
  const start = Math.floor(Math.random() * blocks);
  for (let step = 0; step < blocks; step += 1) {
    const first = lowest + ((start + step) % blocks) * size;
    const guard = await listening(first, '127.0.0.1');
    if (!guard) continue;
    guard.unref();
    return { first, guard };
  }
  throw new Error(`all ports from ${lowest} to ${lowest + blocks * size} belong to other foundries`);
}

/** undefined: somebody else listens there. */
export function listening(port: number, host?: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => resolve(server));
  });
}
