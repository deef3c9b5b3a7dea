import { byteAt, MalformedAmqp } from './amqp-values.ts';
import { BrokerError } from './broker-error.ts';

export type Scalar = null | boolean | number | bigint | string | Buffer | Date;

/** Reads the scalar at `offset`; undefined for a type that no field read by the broker has. */
export function readScalar(bytes: Buffer, offset: number): Scalar | undefined {
  const at = offset + 1;
  try {
    return SCALARS.get(byteAt(bytes, offset))?.(bytes, at);
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedAmqp('a value is cut short');
    throw error;
  }
}

const variable8 = (bytes: Buffer, at: number): Buffer => bytes.subarray(at + 1, at + 1 + byteAt(bytes, at));
const variable32 = (bytes: Buffer, at: number): Buffer =>
  bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));

const SCALARS = new Map<number, (bytes: Buffer, at: number) => Scalar>([
  [0x40, () => null],
  [0x41, () => true],
  [0x42, () => false],
  [0x43, () => 0],
  [0x44, () => 0n],
  [0x50, (bytes, at) => bytes.readUInt8(at)],
  [0x52, (bytes, at) => bytes.readUInt8(at)],
  [0x53, (bytes, at) => BigInt(bytes.readUInt8(at))],
  [0x54, (bytes, at) => bytes.readInt8(at)],
  [0x55, (bytes, at) => BigInt(bytes.readInt8(at))],
  [0x56, (bytes, at) => bytes.readUInt8(at) !== 0],
  [0x60, (bytes, at) => bytes.readUInt16BE(at)],
  [0x70, (bytes, at) => bytes.readUInt32BE(at)],
  [0x71, (bytes, at) => bytes.readInt32BE(at)],
  [0x80, (bytes, at) => bytes.readBigUInt64BE(at)],
  [0x81, (bytes, at) => bytes.readBigInt64BE(at)],
  [0x83, (bytes, at) => new Date(Number(bytes.readBigInt64BE(at)))],
  [0x98, (bytes, at) => bytes.subarray(at, at + 16)],
  [0xa0, variable8],
  [0xb0, variable32],
  [0xa1, (bytes, at) => variable8(bytes, at).toString('utf8')],
  [0xb1, (bytes, at) => variable32(bytes, at).toString('utf8')],
  [0xa3, (bytes, at) => variable8(bytes, at).toString('ascii')],
  [0xb3, (bytes, at) => variable32(bytes, at).toString('ascii')],
]);

/** Encodes a value that a client set as a property; throws an argument error for anything but a scalar. */
export function encodeScalar(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.from([0x40]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0x41 : 0x42]);
  if (typeof value === 'string') return encodeString(value);
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return encodeLong(0x81, value);
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return encodeLong(0x83, BigInt(value.getTime()));
  if (Buffer.isBuffer(value)) return withLength32(0xb0, value);
  throw new BrokerError('com.microsoft:argument-error', 'A property value must be a scalar.');
}

export function encodeLong(code: 0x81 | 0x83, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = code;
  bytes.writeBigInt64BE(value, 1);
  return bytes;
}

export function encodeSymbol(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xa3, text.length]), Buffer.from(text, 'ascii')]);
}

export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length < 256
    ? Buffer.concat([Buffer.from([0xa1, bytes.length]), bytes])
    : withLength32(0xb1, bytes);
}

/** A described list or map (one message section) from encoded items. */
export function encodeSection(
  section: number,
  code: 0xd0 | 0xd1,
  count: number,
  items: readonly Buffer[],
): Buffer {
  const body = Buffer.concat(items);
  const head = Buffer.alloc(12);
  head.set([0x00, 0x53, section, code]);
  head.writeUInt32BE(body.length + 4, 4);
  head.writeUInt32BE(count, 8);
  return Buffer.concat([head, body]);
}

function encodeNumber(value: number): Buffer {
  if (Number.isInteger(value) && Math.abs(value) <= 0x7fffffff) {
    const bytes = Buffer.alloc(5);
    bytes[0] = 0x71;
    bytes.writeInt32BE(value, 1);
    return bytes;
  }
  if (Number.isSafeInteger(value)) return encodeLong(0x81, BigInt(value));
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x82;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function withLength32(code: number, content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = code;
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}
