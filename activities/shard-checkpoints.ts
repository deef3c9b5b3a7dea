import { createHash } from 'node:crypto';
import type { Checkpoints, FinishedShard, PassName, ShardWriter } from '../shared/aggregation/checkpoints.ts';
import type { Block } from '../shared/aggregation/fold-task.ts';
import type { Output, Write } from '../shared/aggregation/output.ts';
import type { BlobReference } from '../shared/contracts/documents.ts';
import type { AttemptKey } from '../shared/contracts/identifiers.ts';
import { type ShardRecord, shardRecord } from '../shared/contracts/shard.ts';
import { paths } from '../shared/domain/resources.ts';
import type { BlobWriter, ReadInto } from '../shared/ports/blobs.ts';
import type { Services } from '../shared/ports/services.ts';
import { canonicalJson } from '../shared/sealing/canonical-json.ts';

const READ_BYTES = 2 ** 20;
const passes: readonly PassName[] = ['measure', 'fold'];

/** The shards of one frozen set. Each is a record and the files that it names; the record is written last. */
export interface Shards extends Checkpoints {
  /** Removes whatever there is; to be repeated where it was interrupted. */
  remove(): Promise<void>;
}

/**
 * @param set digest of the frozen set
 * @param beforeShard what it throws ends the aggregation between two shards
 */
export function shardsOf(
  key: AttemptKey,
  set: string,
  { shards, aggregation }: Pick<Services, 'shards' | 'aggregation'>,
  beforeShard: (pass: PassName, columns: Block) => Promise<void> = async () => undefined,
): Shards {
  const { experiment, round, attempt } = key;
  const place = (part: string): string => paths.shard(experiment, round, attempt, set, part);
  const recordPath = (pass: PassName, from: number): string => place(`${pass}-${from}.json`);
  const read = async (pass: PassName, from: number): Promise<ShardRecord | undefined> => {
    const bytes = await shards.find(recordPath(pass, from));
    return bytes && shardRecord.parse(JSON.parse(bytes.toString()));
  };

  return {
    shardBytes: aggregation.shardBytes,
    async find(pass, from): Promise<FinishedShard | undefined> {
      const record = await read(pass, from);
      if (record === undefined) return undefined;
      return {
        to: record.to,
        sums: decodeSums(record.sums),
        read: async (name, write) => {
          const file = record.files[name];
          if (file === undefined) throw new Error(`the shard from column ${from} has no file ${name}`);
          await copy(file, shards.filler(file.path), write);
        },
      };
    },
    async begin(pass, columns): Promise<ShardWriter> {
      await beforeShard(pass, columns);
      const writers = new Map<Output, BlobWriter>();
      return {
        async write(name, chunk) {
          const writer = writers.get(name) ?? shards.begin(place(`${pass}-${columns.from}.${name}`));
          writers.set(name, writer);
          await writer.write(chunk);
        },
        async commit(sums) {
          const files: Partial<Record<Output, BlobReference>> = {};
          for (const [name, writer] of writers) files[name] = await writer.commit();
          const record: ShardRecord = { to: columns.to, sums: encodeSums(sums), files };
          await shards.put(recordPath(pass, columns.from), Buffer.from(canonicalJson(record)));
        },
      };
    },
    async remove() {
      for (const pass of passes) {
        const found: { from: number; record: ShardRecord }[] = [];
        for (let from = 0; ; ) {
          const record = await read(pass, from);
          if (record === undefined) break;
          found.push({ from, record });
          from = record.to;
        }
        // The last one first, and of each the record at the end: what is left can always be found from the beginning.
        for (const { from, record } of found.toReversed()) {
          for (const { path } of Object.values(record.files)) await shards.remove(path);
          await shards.remove(recordPath(pass, from));
        }
      }
    },
  };
}

/** @throws where the bytes are not those that were written. */
async function copy({ path, sha256, bytes }: BlobReference, fill: ReadInto, write: Write): Promise<void> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, bytes));
  for (let at = 0; at < bytes; at += READ_BYTES) {
    const chunk = buffer.subarray(0, Math.min(READ_BYTES, bytes - at));
    await fill(at, chunk);
    hash.update(chunk);
    await write(chunk);
  }
  if (hash.digest('hex') !== sha256) throw new Error(`shard ${path} is not what was written`);
}

function encodeSums(sums: Float64Array): string {
  return Buffer.from(sums.buffer, sums.byteOffset, sums.byteLength).toString('base64');
}

function decodeSums(text: string): Float64Array {
  return new Float64Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
}
