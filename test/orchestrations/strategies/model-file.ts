/** A model of a few numbers of three dtypes, with control variates where a strategy keeps them. */
import { writeSafetensors } from '../../../shared/tensors/safetensors.ts';
import type { Numbers } from './reference.ts';

export interface Model {
  /** Four float32 and one float64. */
  readonly floats: Numbers;
  /** None, or four float32. */
  readonly control: Numbers;
  readonly seen: number;
}

export function write({ floats, control, seen }: Model): Buffer {
  const singles = (values: Numbers) => new Uint8Array(Float32Array.from(values).buffer);
  const tensors = [
    {
      name: 'bias',
      dtype: 'F64' as const,
      shape: [1],
      data: new Uint8Array(Float64Array.from(floats.slice(4)).buffer),
    },
    { name: 'control/weights', dtype: 'F32' as const, shape: [2, 2], data: singles(control) },
    { name: 'weights', dtype: 'F32' as const, shape: [2, 2], data: singles(floats.slice(0, 4)) },
    { name: 'seen', dtype: 'I32' as const, shape: [], data: new Uint8Array(Int32Array.of(seen).buffer) },
  ];
  return writeSafetensors(tensors.filter(({ name }) => control.length > 0 || name !== 'control/weights'));
}

/** By the places that the header gives. */
export function read(file: Buffer): Model {
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, start).toString()) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const at = (name: string): number => start + (header[name]?.data_offsets[0] ?? Number.NaN);
  const singles = (name: string) => [0, 4, 8, 12].map((offset) => file.readFloatLE(at(name) + offset));
  return {
    floats: [...singles('weights'), file.readDoubleLE(at('bias'))],
    control: header['control/weights'] === undefined ? [] : singles('control/weights'),
    seen: file.readInt32LE(at('seen')),
  };
}
