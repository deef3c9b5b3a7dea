import type { SealedUpdate } from '../shared/aggregation/aggregate.ts';
import type { FrozenUpdate } from '../shared/contracts/documents.ts';
import { sealedReply, type UpdateManifest } from '../shared/contracts/manifest.ts';
import { inBatches } from '../shared/domain/in-batches.ts';
import type { ReadInto } from '../shared/ports/blobs.ts';
import { UnwrapRefused } from '../shared/ports/key-ring.ts';
import type { Services } from '../shared/ports/services.ts';
import { headerContext } from '../shared/sealing/data-key.ts';
import { FLSE, FloeRefused } from '../shared/sealing/floe.ts';
import { openRanges } from '../shared/sealing/open.ts';
import { AttemptFailed } from './attempt-failed.ts';

/** Vaults answer in tens of milliseconds; each belongs to another silo. */
const UNWRAPS_AT_ONCE = 8;

export interface OpenedSet {
  readonly updates: readonly SealedUpdate[];
  /** Forgets the data keys. */
  readonly wipe: () => void;
}

/**
 * Unwraps the data key of every update, once; their plaintexts have `bytes` bytes each. Keys live in memory until `wipe`.
 *
 * @throws AttemptFailed where a silo's vault refuses or a blob is gone.
 */
export async function openFrozenSet(
  rows: readonly FrozenUpdate[],
  bytes: number,
  services: Services,
): Promise<OpenedSet> {
  const keys: Uint8Array[] = [];
  const wipe = (): void => {
    for (const key of keys) key.fill(0);
  };
  try {
    const updates = await inBatches(rows, UNWRAPS_AT_ONCE, async (row): Promise<SealedUpdate> => {
      const manifest = await readManifest(row, services);
      if (manifest.h.len !== bytes) {
        throw new Error(`the update of ${row.silo} has ${manifest.h.len} bytes instead of ${bytes}`);
      }
      const key = await unwrap(row, manifest, services);
      keys.push(key);
      const readCiphertext = ciphertextOf(row, services);
      const header = new Uint8Array(FLSE.headerLength);
      await readCiphertext(0, header);
      const { silo, weight, norm, metrics, staleness } = row;
      return {
        figures: { silo, weight, norm, metrics, staleness },
        opening: { key, context: headerContext(manifest.h), header },
        readCiphertext,
      };
    });
    return { updates, wipe };
  } catch (error) {
    wipe();
    throw error;
  }
}

export interface OpenedPlaintext {
  readonly bytes: number;
  readonly schema: string;
  readonly read: (offset: number, length: number) => Promise<Buffer>;
  readonly wipe: () => void;
}

/** Opens one update whose plaintext is wanted as it is. Throws as {@link openFrozenSet}. */
export async function openPlaintext(row: FrozenUpdate, services: Services): Promise<OpenedPlaintext> {
  const manifest = await readManifest(row, services);
  const fill = ciphertextOf(row, services);
  const readCiphertext = async (offset: number, length: number): Promise<Buffer> => {
    const target = Buffer.allocUnsafe(length);
    await fill(offset, target);
    return target;
  };
  const dek = await unwrap(row, manifest, services);
  try {
    const { readPlaintext, wipe } = await openRanges({ manifest, dek, readCiphertext }).catch(
      (error: unknown) => unreadable(row, error),
    );
    const read = (offset: number, length: number): Promise<Buffer> =>
      readPlaintext(offset, length).catch((error: unknown) => unreadable(row, error));
    return { bytes: manifest.h.len, schema: manifest.h.schema, read, wipe };
  } finally {
    dek.fill(0);
  }
}

async function readManifest(row: FrozenUpdate, { archive }: Services): Promise<UpdateManifest> {
  return sealedReply.parse(JSON.parse((await archive.get(row.manifest)).toString())).m;
}

async function unwrap(row: FrozenUpdate, manifest: UpdateManifest, { keys }: Services): Promise<Uint8Array> {
  return keys
    .unwrap(manifest.h.kek.kid, Buffer.from(manifest.wk, 'base64url'))
    .catch((error: unknown) => unreadable(row, error));
}

function ciphertextOf(row: FrozenUpdate, { updates }: Services): ReadInto {
  const fill = updates.filler(row.silo, row.pin);
  return (offset, target) => fill(offset, target).catch((error: unknown) => unreadable(row, error));
}

/** Admitted and pinned, yet unreadable now: the silo shut its key, or the blob is gone or changed. */
function unreadable({ silo }: FrozenUpdate, error: unknown): never {
  if (error instanceof UnwrapRefused || error instanceof FloeRefused) {
    throw new AttemptFailed(error.slug, `${silo}: ${error.message}`);
  }
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 404 || status === 412) {
    throw new AttemptFailed('blob-missing', `${silo}: the admitted update is gone or was changed`);
  }
  throw error;
}
