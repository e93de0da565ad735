import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, symlink } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import * as yauzl from 'yauzl';
import { badRequest } from './errors.js';

export interface Upload {
  /** The `bits` part, written to a file; undefined when there is none. */
  bits?: string;
  /** Text parts by name. */
  fields: Readonly<Record<string, string>>;
}

/** Reads a multipart request; the part `bits` goes to `file`. */
export async function receive(request: IncomingMessage, file: string): Promise<Upload> {
  const fields: Record<string, string> = {};
  let writing: Promise<void> | undefined;
  let parser: busboy.Busboy;
  try {
    parser = busboy({ headers: request.headers, limits: { fieldSize: 16 * 1024 * 1024 } });
  } catch {
    throw badRequest('the body is not multipart/form-data');
  }
  parser.on('field', (name, value) => {
    fields[name] = value;
  });
  parser.on('file', (name, stream) => {
    if (name !== 'bits') stream.resume();
    else writing = pipeline(stream, createWriteStream(file));
  });
  await pipeline(request, parser);
  await writing;
  return writing ? { bits: file, fields } : { fields };
}

export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Unpacks a ZIP with file modes and symbolic links; nothing is written outside `dir`. */
export async function unzip(file: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const zip = await yauzl.openPromise(file);
  for await (const entry of zip.eachEntry()) {
    const target = resolve(dir, entry.fileName);
    if (relative(dir, target).startsWith('..'))
      throw new Error(`entry outside of the archive: ${entry.fileName}`);
    if (entry.fileName.endsWith('/')) {
      await mkdir(target, { recursive: true });
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    const mode = entry.externalFileAttributes >>> 16;
    const stream = await zip.openReadStreamPromise(entry);
    if ((mode & 0o170000) === 0o120000) {
      await link(stream, dir, target);
      continue;
    }
    await pipeline(stream, createWriteStream(target));
    if ((mode & 0o777) !== 0) await chmod(target, (mode & 0o777) | 0o600);
  }
}

async function link(stream: AsyncIterable<Buffer>, dir: string, target: string): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  const to = Buffer.concat(parts).toString('utf8');
  if (relative(dir, join(dirname(target), to)).startsWith('..'))
    throw new Error(`link out of the archive: ${to}`);
  await symlink(to, target);
}
