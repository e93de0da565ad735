import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns a ZIP of the files of one folder, stored as they are. Without checksums: whoever unpacks it here asks for none. */
export function zipOf(folder: string): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const name of readdirSync(folder).sort()) {
    const content = readFileSync(join(folder, name));
    const named = Buffer.from(name);
    // Version, flags, method, time, date, checksum, both sizes, length of the name, of the extra field.
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(0x21, 8);
    facts.writeUInt32LE(content.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(named.length, 22);
    const file = Buffer.concat([Buffer.from('PK\x03\x04'), facts, named, content]);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE((0o100644 << 16) >>> 0, 6);
    entry.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\x03'), facts, entry, named);
    local.push(file);
    offset += file.length;
  }
  const list = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(local.length, 4);
  end.writeUInt16LE(local.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, list, Buffer.from('PK\x05\x06'), end]);
}
