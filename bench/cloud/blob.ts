/**
 * The embedded Blob service and Azurite by the same client in the same run, each in a process of its own, over TLS with
 * Entra tokens. Azurite answers before its index is on disk; the embedded service syncs content and index first.
 */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:https';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
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

interface Target {
  readonly url: string;
  readonly credential: TokenCredential;
  readonly caPem: string;
}

interface Taken {
  readonly up: number[];
  readonly down: number[];
  readonly puts: number;
}

export async function run({ quick, azurite }: BlobBenchOptions): Promise<BenchRow[]> {
  const content = randomBytes((quick ? 64 : 256) * MIB);
  const blobs = quick ? 2000 : 10_000;
  const cloud = await startRunningCloud();
  const peer = azurite === undefined ? undefined : await startAzurite(azurite);
  try {
    const own = {
      url: cloud.settings['MODELS_ACCOUNT_URL'] ?? '',
      credential: cloud.credential('coordinator'),
      caPem: cloud.caPem,
    };
    const targets: Target[] = [own];
    if (peer !== undefined) {
      await peer.ensureContainer('models', false);
      targets.push({ url: peer.accountUrl, credential: peer.credential, caPem: peer.caPem ?? '' });
    }
    const containers = targets.map(({ url, credential }) =>
      new BlobServiceClient(url, credential).getContainerClient('models'),
    );
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
    const puts: number[] = [];
    for (const target of targets) puts.push(await smallPuts(target, blobs));
    const [first, second] = transfers.map((taken, index): Taken => ({ ...taken, puts: puts[index] ?? 0 }));
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

/**
 * Fills the container with blobs of 1 KiB, then measures the last tenth of the puts. By plain requests over kept
 * connections: the official client spends more on a request than either service, so it would measure itself.
 */
async function smallPuts({ url, credential, caPem }: Target, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY, ca: caPem });
  const body = Buffer.alloc(1024, 7);
  const token = await credential.getToken('https://storage.azure.com/.default');
  const headers = {
    authorization: `Bearer ${token?.token ?? ''}`,
    'x-ms-version': '2025-11-05',
    'x-ms-blob-type': 'BlockBlob',
    'content-length': String(body.length),
  };
  const put = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const sent = request(`${url}/models/small-${index}`, { method: 'PUT', agent, headers }, (answer) => {
        answer.resume().once('end', resolve);
        if (answer.statusCode !== 201) reject(new Error(`a put was answered ${answer.statusCode}`));
      });
      sent.once('error', reject);
      sent.end(body);
    });
  const last = Math.floor(count / 10);
  await rate(count - last, CONCURRENCY, put);
  const puts = await rate(last, CONCURRENCY, (index) => put(count - last + index));
  agent.destroy();
  return puts;
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
