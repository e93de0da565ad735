/** The few bytes of RFC 6455 that an echo needs: whole frames of at most 64 KiB, no fragments, no extensions. */
import { randomBytes } from 'node:crypto';

/** One frame. A client masks, a server does not (RFC 6455 §5.1). Throws above 64 KiB. */
export function frame(opcode: number, payload: Buffer, masked: boolean): Buffer {
  if (payload.length > 0xffff) throw new Error(`a frame of ${payload.length} bytes is too long`);
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 2 : 4);
  head[0] = 0x80 | opcode;
  head[1] = (masked ? 0x80 : 0) | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, xor(payload, mask)]);
}

/** Takes chunks as they come and tells of each whole frame, unmasked. Throws on a frame above 64 KiB. */
export function readFrames(tell: (opcode: number, payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let next = first(rest); next; next = first(rest)) {
      rest = rest.subarray(next.bytes);
      tell(next.opcode, next.payload);
    }
  };
}

function first(bytes: Buffer): { bytes: number; opcode: number; payload: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const [one = 0, two = 0] = bytes;
  const named = two & 0x7f;
  if (named === 127) throw new Error('a frame above 64 KiB came');
  if (named === 126 && bytes.length < 4) return undefined;
  const length = named === 126 ? bytes.readUInt16BE(2) : named;
  const maskAt = named === 126 ? 4 : 2;
  const payloadAt = maskAt + (two & 0x80 ? 4 : 0);
  if (bytes.length < payloadAt + length) return undefined;
  const payload = bytes.subarray(payloadAt, payloadAt + length);
  return {
    bytes: payloadAt + length,
    opcode: one & 0x0f,
    payload: two & 0x80 ? xor(payload, bytes.subarray(maskAt, payloadAt)) : payload,
  };
}

function xor(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
}
