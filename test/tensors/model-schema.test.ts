import { describe, expect, it } from 'vitest';
import { readModelSchema } from '../../shared/tensors/model-schema.ts';
import { writeSafetensors } from '../../shared/tensors/safetensors.ts';

const schema = [
  { name: 'w', dtype: 'F16' as const, shape: [3, 2] },
  { name: 'n', dtype: 'I64' as const, shape: [] },
];
const model = writeSafetensors(
  schema.map((tensor, i) => ({ ...tensor, data: Buffer.alloc(i === 0 ? 12 : 8) })),
);

/** Reads as {@link readModelSchema} does it, and which ranges it asked for. */
async function readOf(bytes: Buffer, totalBytes = bytes.length) {
  const ranges: [number, number][] = [];
  const read = async (offset: number, length: number): Promise<Buffer> => {
    ranges.push([offset, length]);
    return bytes.subarray(offset, offset + length);
  };
  return { found: await readModelSchema(read, totalBytes), ranges };
}

describe('the schema of a model of our own', () => {
  it('is read from its head alone', async () => {
    const { found, ranges } = await readOf(model);
    expect(found).toEqual(schema);
    expect(ranges).toEqual([
      [0, 8],
      [0, model.length - 20],
    ]);
  });

  it('may take more room than a stranger gets', async () => {
    const json = JSON.stringify({
      __metadata__: { notes: 'x'.repeat(2 ** 20) },
      w: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    });
    const large = Buffer.alloc(8 + json.length + 4);
    large.writeBigUInt64LE(BigInt(json.length), 0);
    large.write(json, 8);
    expect((await readOf(large)).found).toEqual([{ name: 'w', dtype: 'F32', shape: [1] }]);
  });

  it('is missed, before more is read, where the length word is wrong', async () => {
    const bytes = Buffer.from(model);
    bytes.writeBigUInt64LE(2n ** 40n, 0);
    await expect(readOf(bytes)).rejects.toThrow(`claims a header of ${2 ** 40} bytes`);
  });

  it('is missed where tensors do not end where the model does', async () => {
    await expect(readOf(model, model.length + 1)).rejects.toThrow(
      `The tensors end at ${model.length} of ${model.length + 1} bytes.`,
    );
  });
});
