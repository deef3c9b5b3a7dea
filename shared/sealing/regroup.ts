/**
 * Cuts a stream into pieces of given sizes, whatever its chunks were; the last piece may be short. A piece is a
 * view of one reused buffer and holds only until the next is asked for: memory stays at one piece.
 */
export async function* regroup(
  source: AsyncIterable<Uint8Array>,
  sizeOf: (index: number) => number,
): AsyncGenerator<Buffer, void, undefined> {
  let index = 0;
  let size = sizeOf(0);
  let filled = 0;
  let buffer = Buffer.allocUnsafe(size);
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(size - filled, chunk.length - at);
      buffer.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < size) continue;
      yield buffer.subarray(0, size);
      index += 1;
      size = sizeOf(index);
      filled = 0;
      if (buffer.length < size) buffer = Buffer.allocUnsafe(size);
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
