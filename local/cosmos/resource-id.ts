/**
 * `_rid` values: the numbers of database, container and item in the service's layout (4, 4 and 8 bytes, base64 with
 * `-` for `/`), so that the client's own checks of such ids pass.
 */
const CHILD_OF_DATABASE = 0x80000000;

export function databaseResourceId(database: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(database);
  return encode(bytes);
}

export function containerResourceId(database: number, container: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(database);
  bytes.writeUInt32BE(container + CHILD_OF_DATABASE, 4);
  return encode(bytes);
}

export function itemResourceId(database: number, container: number, ordinal: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(database);
  bytes.writeUInt32BE(container + CHILD_OF_DATABASE, 4);
  bytes.writeBigUInt64LE(BigInt(ordinal), 8);
  return encode(bytes);
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('/', '-');
}
