/**
 * Where a model's elements lie, by columns: what lines up in the base, in every update, in the result and, for the
 * elements that an optimiser keeps state of, in the state tensors.
 *
 * 1. Column c holds the elements whose last byte lies in segment c of a sealed update. An element across two segments
 *    goes to the second, so a column may begin up to 7 bytes before its segment.
 * 2. Where columns begin depends on the schema alone. Blocks and shards are runs of whole columns, so whatever is
 *    added up per column comes out the same however the work was cut.
 */
import type { Dtype, TensorSchema } from '../contracts/tensor-schema.ts';
import { CONTROL_PREFIX } from '../domain/strategies/fold-plan.ts';
import { FLSE, segmentCount } from '../sealing/floe.ts';
import { elementBytes, isFloat } from '../tensors/dtypes.ts';
import { canonicalHeader, plaintextLength, tensorPlaces } from '../tensors/schema.ts';
import { firstAfter } from './first-after.ts';

/** What is done with elements: combined by the strategy, averaged as control variates, or counted in whole numbers. */
export type Role = 'model' | 'control' | 'integer';

/** Neighbouring elements of one dtype and role. */
export interface Run {
  readonly dtype: Dtype;
  readonly role: Role;
  /** Bytes from the beginning of the file, and how many. */
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
}

export interface Range {
  readonly offset: number;
  readonly bytes: number;
}

export interface ModelLayout {
  readonly columns: number;
  readonly totalBytes: number;
  readonly header: Buffer;
  /** Whether some tensors are control variates. */
  readonly hasControl: boolean;
  /** What the state tensors hold: the model's float tensors but for control variates, as float32. */
  readonly stateSchema: TensorSchema;
  readonly runs: (column: number) => readonly Run[];
  /** The bytes of columns `from` to `to` (exclusive) in the model's file, and in a file of state. */
  readonly modelRange: (from: number, to: number) => Range;
  readonly stateRange: (from: number, to: number) => Range;
}

const STATE_BYTES = 4;

/** Neighbouring tensors of one dtype and role. */
interface Stretch {
  readonly dtype: Dtype;
  readonly role: Role;
  readonly size: number;
  readonly offset: number;
  bytes: number;
  /** The first one's number among the elements that have state. */
  readonly state: number;
}

export function modelLayout(schema: TensorSchema): ModelLayout {
  const header = canonicalHeader(schema);
  const totalBytes = plaintextLength(schema);
  const columns = segmentCount(totalBytes);
  const stateSchema = schema
    .filter(({ name, dtype }) => roleOf(name, dtype) === 'model')
    .map(({ name, shape }) => ({ name, dtype: 'F32' as const, shape }));
  const stateHeader = canonicalHeader(stateSchema).length;
  const stretches = stretchesOf(schema);

  const ends = Float64Array.from(stretches, ({ offset, bytes }) => offset + bytes);

  /** Where column `column` begins: in the file, and counted in elements with state. */
  const beginning = (column: number): { byte: number; state: number } => {
    const boundary = Math.min(column * FLSE.segmentPlaintext, totalBytes);
    const stretch = stretches[firstAfter(ends, boundary)];
    if (stretch === undefined) return { byte: totalBytes, state: statefulElements(stretches) };
    const before = Math.max(0, Math.floor((boundary - stretch.offset) / stretch.size));
    return {
      byte: stretch.offset + before * stretch.size,
      state: stretch.state + (stretch.role === 'model' ? before : 0),
    };
  };

  return {
    columns,
    totalBytes,
    header,
    hasControl: stretches.some(({ role }) => role === 'control'),
    stateSchema,
    runs(column) {
      const [from, to] = [beginning(column).byte, beginning(column + 1).byte];
      const found: Run[] = [];
      for (let i = firstAfter(ends, from); i < stretches.length; i++) {
        const stretch = stretches[i];
        if (stretch === undefined || stretch.offset >= to) break;
        const offset = Math.max(from, stretch.offset);
        const bytes = Math.min(to, stretch.offset + stretch.bytes) - offset;
        found.push({ dtype: stretch.dtype, role: stretch.role, offset, bytes, count: bytes / stretch.size });
      }
      return found;
    },
    modelRange(from, to) {
      const offset = beginning(from).byte;
      return { offset, bytes: beginning(to).byte - offset };
    },
    stateRange(from, to) {
      const first = beginning(from).state;
      const count = beginning(to).state - first;
      return { offset: stateHeader + first * STATE_BYTES, bytes: count * STATE_BYTES };
    },
  };
}

function roleOf(name: string, dtype: Dtype): Role {
  if (!isFloat(dtype)) return 'integer';
  return name.startsWith(CONTROL_PREFIX) ? 'control' : 'model';
}

function stretchesOf(schema: TensorSchema): Stretch[] {
  const stretches: Stretch[] = [];
  let state = 0;
  for (const { name, dtype, offset, bytes } of tensorPlaces(schema)) {
    if (bytes === 0) continue;
    const role = roleOf(name, dtype);
    const size = elementBytes(dtype);
    const last = stretches.at(-1);
    if (last !== undefined && last.dtype === dtype && last.role === role) last.bytes += bytes;
    else stretches.push({ dtype, role, size, offset, bytes, state });
    if (role === 'model') state += bytes / size;
  }
  return stretches;
}

function statefulElements(stretches: readonly Stretch[]): number {
  const last = stretches.at(-1);
  if (last === undefined) return 0;
  return last.state + (last.role === 'model' ? last.bytes / last.size : 0);
}
