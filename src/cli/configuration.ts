import { join } from 'node:path';
import type { Files } from '../model/ports.js';

/** The CLI's `config.json`: addresses and tokens in clear text. It has no lock: whoever writes last wins. */
export class Configuration {
  private readonly path: string;

  constructor(
    private readonly files: Files,
    /** `CF_HOME`. */
    home: string,
  ) {
    this.path = join(home, '.cf', 'config.json');
  }

  /** Empty before the first command. */
  async read(): Promise<Record<string, unknown>> {
    const content = await this.files.read(this.path);
    return content === undefined ? {} : (JSON.parse(content.toString('utf8')) as Record<string, unknown>);
  }

  /** Sets some keys; the others stay. */
  async change(keys: Readonly<Record<string, unknown>>): Promise<void> {
    await this.files.writePrivate(this.path, JSON.stringify({ ...(await this.read()), ...keys }));
  }
}
