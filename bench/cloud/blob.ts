/**
 * The embedded Blob service and Azurite by the same client in the same run, each in a process of its own, over TLS with
 * Entra tokens. Azurite answers before its index is on disk; the embedded service syncs content and index first.
 */
import { randomBytes } from 'node:crypto';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { startAzurite } from '../../test/conformance/blob/azurite-process.ts';
import { median, rate, secondsSince } from '../measure.ts';
import type { BenchRow } from '../row.ts';
import { removeCloud, startRunningCloud } from './running-cloud.ts';

const MIB = 1024 * 1024;
const BLOCKS = { blockSize: 8 * MIB, concurrency: 4 } as const;
const ROUNDS = 3;
const CONCURRENCY = 16;

export interface BlobBenchOptions {
  /** Fewer and smaller blobs, for a look rather than a record. */
  readonly quick: boolean;
  /** Folder that Azurite was installed into; without it there is no peer to compare with. */
  readonly azurite?: string;
}

interface Taken {
  readonly up: number[];
  readonly down: number[];
  readonly puts: number;
  readonly gets: number;
}

export async function run({ quick, azurite }: BlobBenchOptions): Promise<BenchRow[]> {
  const content = randomBytes((quick ? 64 : 256) * MIB);
  const blobs = quick ? 2000 : 10_000;
  const cloud = await startRunningCloud();
  const peer = azurite === undefined ? undefined : await startAzurite(azurite);
  try {
    const url = cloud.settings['MODELS_ACCOUNT_URL'] ?? '';
    const own = new BlobServiceClient(url, cloud.credential('coordinator')).getContainerClient('models');
    const containers = [own];
    if (peer !== undefined) {
      await peer.ensureContainer('models', false);
      containers.push(new BlobServiceClient(peer.accountUrl, peer.credential).getContainerClient('models'));
    }
    const transfers = containers.map(() => ({ up: [] as number[], down: [] as number[] }));
    // Turn by turn, so that whatever else the machine does hits both.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, container] of containers.entries()) {
        const blob = container.getBlockBlobClient(`large-${round}`);
        const taken = transfers[index];
        taken?.up.push(await megabytesPerSecond(content.length, () => blob.uploadData(content, BLOCKS)));
        const back = Buffer.alloc(content.length);
        taken?.down.push(
          await megabytesPerSecond(content.length, () => blob.downloadToBuffer(back, 0, undefined, BLOCKS)),
        );
        if (!back.equals(content)) throw new Error('the content came back changed');
      }
    }
    const small: { puts: number; gets: number }[] = [];
    for (const container of containers) small.push(await smallBlobs(container, blobs));
    const [first, second] = transfers.map((taken, index) => ({ ...taken, ...small[index] }) as Taken);
    return first === undefined ? [] : rowsOf(first, second, blobs);
  } finally {
    await peer?.close();
    await cloud.stop();
    await removeCloud(cloud.dataDir);
  }
}

async function megabytesPerSecond(bytes: number, work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return bytes / MIB / secondsSince(begun);
}

/** Fills the container with blobs of 1 KiB, then measures the last tenth of the puts, and gets. */
async function smallBlobs(container: ContainerClient, count: number) {
  const body = Buffer.alloc(1024, 7);
  const put = (index: number) => container.getBlockBlobClient(`small/${index}`).upload(body, body.length);
  const last = Math.floor(count / 10);
  await rate(count - last, CONCURRENCY, put);
  const puts = await rate(last, CONCURRENCY, (index) => put(count - last + index));
  const gets = await rate(last, CONCURRENCY, (index) =>
    container.getBlockBlobClient(`small/${index}`).downloadToBuffer(),
  );
  return { puts, gets };
}

function rowsOf(own: Taken, peer: Taken | undefined, blobs: number): BenchRow[] {
  const ratio = (
    name: string,
    ours: number,
    theirs: number | undefined,
    unit: string,
    bar: number,
  ): BenchRow[] =>
    theirs === undefined
      ? [{ name: `${name}, ${unit}`, value: ours, unit, bar: 0, direction: 'min' }]
      : [
          {
            name: `${name}, of Azurite's`,
            value: ours / theirs,
            unit: 'x',
            bar,
            direction: 'min',
            peer: `${ours.toFixed(0)} ${unit}, Azurite ${theirs.toFixed(0)}`,
          },
        ];
  return [
    ...ratio('blob: upload in 8 MiB blocks, 4 at a time', median(own.up), peer && median(peer.up), 'MB/s', 1),
    ...ratio('blob: download in ranges, 4 at a time', median(own.down), peer && median(peer.down), 'MB/s', 1),
    ...ratio(`blob: puts of 1 KiB at ${blobs} blobs`, own.puts, peer?.puts, 'puts/s', 5),
  ];
}
