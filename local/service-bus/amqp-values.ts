/**
 * The AMQP 1.0 type system at byte level. Messages are kept byte-exact, so values are walked and copied instead of
 * decoded and encoded again, which would lose their exact types.
 *
 * The walk is also the gate: a message whose structure does not add up is refused at the door, because it would
 * break the connection of whichever receiver it is delivered to, again and again.
 */
export class MalformedAmqp extends Error {
  override readonly name = 'MalformedAmqp';
}

const MAX_DEPTH = 32;

const FIXED_WIDTH = new Map<number, number>([
  ...[0x40, 0x41, 0x42, 0x43, 0x44, 0x45].map((code) => [code, 0] as const),
  ...[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56].map((code) => [code, 1] as const),
  ...[0x60, 0x61].map((code) => [code, 2] as const),
  ...[0x70, 0x71, 0x72, 0x73, 0x74].map((code) => [code, 4] as const),
  ...[0x80, 0x81, 0x82, 0x83, 0x84].map((code) => [code, 8] as const),
  ...[0x94, 0x98].map((code) => [code, 16] as const),
]);
const VARIABLE_8 = new Set([0xa0, 0xa1, 0xa3]);
const VARIABLE_32 = new Set([0xb0, 0xb1, 0xb3]);

export interface Compound {
  readonly kind: 'list' | 'map' | 'array';
  readonly count: number;
  /** Offset of the first item (of the element constructor in an array). */
  readonly start: number;
  readonly end: number;
}

export function byteAt(bytes: Buffer, offset: number): number {
  const value = bytes[offset];
  if (value === undefined) throw new MalformedAmqp('a value is cut short');
  return value;
}

function uint32At(bytes: Buffer, offset: number): number {
  if (offset + 4 > bytes.length) throw new MalformedAmqp('a value is cut short');
  return bytes.readUInt32BE(offset);
}

/** Reads the frame of a list, map or array at `offset`; undefined for anything else. Its items are not checked. */
export function compoundAt(bytes: Buffer, offset: number): Compound | undefined {
  const code = byteAt(bytes, offset);
  if (code === 0x45) return { kind: 'list', count: 0, start: offset + 1, end: offset + 1 };
  const family = code & 0x0f;
  const group = code >>> 4;
  if (group < 0xc || family > 1 || (group >= 0xe && family !== 0)) return undefined;
  const kind = group >= 0xe ? 'array' : family === 0 ? 'list' : 'map';
  const wide = group % 2 === 1;
  const width = wide ? 4 : 1;
  const size = wide ? uint32At(bytes, offset + 1) : byteAt(bytes, offset + 1);
  const count = wide ? uint32At(bytes, offset + 1 + width) : byteAt(bytes, offset + 1 + width);
  const end = offset + 1 + width + size;
  if (size < width || end > bytes.length) throw new MalformedAmqp('a compound value is cut short');
  return { kind, count, start: offset + 1 + 2 * width, end };
}

/** The offset after the value at `offset`; throws {@link MalformedAmqp} unless everything in it adds up. */
export function skipValue(bytes: Buffer, offset: number, depth = 0): number {
  if (depth > MAX_DEPTH) throw new MalformedAmqp('values are nested too deeply');
  const code = byteAt(bytes, offset);
  if (code === 0x00) return skipValue(bytes, skipValue(bytes, offset + 1, depth + 1), depth + 1);
  const compound = compoundAt(bytes, offset);
  if (compound === undefined) return skipPayload(bytes, offset + 1, code);
  if (compound.kind === 'array') return skipArray(bytes, compound, depth);
  if (compound.kind === 'map' && compound.count % 2 !== 0)
    throw new MalformedAmqp('a map has a key without a value');
  let at = compound.start;
  for (let item = 0; item < compound.count; item++) {
    if (at >= compound.end) throw new MalformedAmqp('a compound value has fewer items than it says');
    at = skipValue(bytes, at, depth + 1);
  }
  if (at !== compound.end) throw new MalformedAmqp('the size of a compound value is wrong');
  return at;
}

function skipArray(bytes: Buffer, { count, start, end }: Compound, depth: number): number {
  const code = byteAt(bytes, start);
  // Elements without width would let a few bytes stand for billions of values; described or nested arrays have no
  // use in messages.
  if (FIXED_WIDTH.get(code) === 0 || code === 0x00 || compoundCode(code)) {
    throw new MalformedAmqp('an array has elements of an unsupported type');
  }
  if (depth >= MAX_DEPTH) throw new MalformedAmqp('values are nested too deeply');
  let at = start + 1;
  for (let item = 0; item < count; item++) {
    at = skipPayload(bytes, at, code);
    if (at > end) throw new MalformedAmqp('the size of an array is wrong');
  }
  if (at !== end) throw new MalformedAmqp('the size of an array is wrong');
  return at;
}

function compoundCode(code: number): boolean {
  return code === 0x45 || code >>> 4 >= 0xc;
}

/** Skips what follows the type code of a scalar. */
function skipPayload(bytes: Buffer, at: number, code: number): number {
  const width = FIXED_WIDTH.get(code);
  let end: number;
  if (width !== undefined) end = at + width;
  else if (VARIABLE_8.has(code)) end = at + 1 + byteAt(bytes, at);
  else if (VARIABLE_32.has(code)) end = at + 4 + uint32At(bytes, at);
  else throw new MalformedAmqp(`0x${code.toString(16)} is no AMQP type`);
  if (end > bytes.length) throw new MalformedAmqp('a value is cut short');
  return end;
}
