/** Bytes of a WebAssembly module of one function that works in an imported memory. WebAssembly core 2.0, chapter 5. */
const I32 = 0x7f;
const V128 = 0x7b;
const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...unsigned(Math.floor(value / 128))];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized(vector(items))];
}

function text(value: string): number[] {
  return sized([...Buffer.from(value, 'utf8')]);
}

/**
 * A module that imports env.memory and exports `name`, a function of `parameters` numbers without a result. Its locals
 * are numbered on from the parameters: `numbers` 32-bit ones, then `vectors`; all are 0 at first.
 */
export function moduleOf(
  name: string,
  shape: { parameters: number; numbers: number; vectors: number },
  body: readonly number[],
): Uint8Array<ArrayBuffer> {
  const locals = vector([
    [...unsigned(shape.numbers), I32],
    [...unsigned(shape.vectors), V128],
  ]);
  const type = [0x60, ...vector(Array.from({ length: shape.parameters }, () => [I32])), ...vector([])];
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, [type]),
    ...section(2, [[...text('env'), ...text('memory'), 0x02, 0x00, 0x00]]),
    ...section(3, [[0x00]]),
    ...section(7, [[...text(name), 0x00, 0x00]]),
    ...section(10, [sized([...locals, ...body, 0x0b])]),
  ]);
}
