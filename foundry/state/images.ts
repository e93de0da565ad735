import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerImage } from './records.js';

/** What stands in for a docker image: a folder whose processes run as its containers would. */
export interface Image {
  dir: string;
  /** Ports that the image exposes; none: the platform takes 8080. */
  ports: readonly number[];
  /** The registry gives it to these alone. */
  credentials?: { username: string; password: string };
}

/** The registries of the world, as far as this platform knows any: by the whole reference of an image. */
export class Images {
  readonly #known = new Map<string, Image>();

  /** A tag that is there already moves. */
  register(reference: string, image: Image): void {
    this.#known.set(reference, image);
  }

  /**
   * Undefined: the registry does not give it with these credentials. An image that nobody registered answers with its name.
   * @param dir of ours, for what stands in for those
   */
  async pull({ reference, username, password }: DockerImage, dir: string): Promise<Image | undefined> {
    const known = this.#known.get(reference);
    if (!known) return this.#standIn(reference, join(dir, Buffer.from(reference).toString('hex')));
    const { credentials: wanted } = known;
    const isGiven = !wanted || (wanted.username === username && wanted.password === password);
    return isGiven ? known : undefined;
  }

  /** Where instances of an image that was staged find it: whoever moves its tag changes what they start. */
  dirOf(reference: string): string | undefined {
    return this.#known.get(reference)?.dir;
  }

  async #standIn(reference: string, dir: string): Promise<Image> {
    await mkdir(dir, { recursive: true });
    await writeFile(
      join(dir, 'package.json'),
      '{"type": "module", "scripts": {"start": "exec node stand-in.js"}}',
    );
    await writeFile(join(dir, 'stand-in.js'), standInFor(reference));
    const made: Image = { dir, ports: [] };
    this.register(reference, made);
    return made;
  }
}

function standInFor(reference: string): string {
  return `import { createServer } from 'node:http';
const image = ${JSON.stringify(reference)};
console.log('There are no containers here: a stand-in process answers for the image ' + image);
const server = createServer((_request, response) => response.end(image));
server.listen(Number(process.env.PORT));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
}
