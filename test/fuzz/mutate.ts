import { below } from '../sealing/seeded.ts';

const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One to five random changes of a random member of the corpus; at most 64 KiB. */
export function mutated(corpus: readonly Buffer[], words: readonly string[], random: () => number): Buffer {
  let bytes = Buffer.from(pick(corpus, random) ?? Buffer.alloc(0));
  for (let changes = 1 + below(random, 5); changes > 0; changes--)
    bytes = change(bytes, corpus, words, random);
  return bytes.subarray(0, 65_536);
}

function change(
  bytes: Buffer,
  corpus: readonly Buffer[],
  words: readonly string[],
  random: () => number,
): Buffer<ArrayBuffer> {
  const at = below(random, bytes.length + 1);
  const span = 1 + below(random, 24);
  const word = Buffer.from(pick(words, random) ?? '', 'utf8');
  const copy = Buffer.from(bytes);
  const insert = (piece: Uint8Array) => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  switch (below(random, 9)) {
    case 0:
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << below(random, 8));
      return copy;
    case 1:
      if (at < copy.length) copy[at] = below(random, 256);
      return copy;
    case 2:
      return insert(word);
    case 3:
      word.copy(copy, at);
      return copy;
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + span)]);
    case 5:
      return insert(bytes.subarray(at, at + span));
    case 6: {
      const number = numbers[below(random, numbers.length)] ?? 0;
      if (random() < 0.5) return insert(Buffer.from(String(number)));
      if (at + 4 <= copy.length) copy.writeUInt32LE(number, at);
      return copy;
    }
    case 7: {
      const other = pick(corpus, random) ?? bytes;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(random, other.length + 1))]);
    }
    default:
      return Buffer.from(bytes.subarray(0, at));
  }
}

function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[below(random, list.length)];
}
