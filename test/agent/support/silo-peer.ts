/** One silo on one directory, with a queue, a container and keys in memory. It survives its agent, as the real do. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { p256 } from '@noble/curves/nist.js';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { parseConfig, type SiloConfig } from '../../../agent/config.ts';
import { coordinatorApi } from '../../../agent/coordinator-api.ts';
import { openJournal } from '../../../agent/journal.ts';
import type { OutgoingMessage, SiloKeys, World } from '../../../agent/ports.ts';
import { runAgent } from '../../../agent/run-agent.ts';
import { jwkThumbprint } from '../../../shared/sealing/signature.ts';
import type { CoordinatorPeer } from './coordinator-peer.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 3072 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const kekPrivateKey = rsa.privateKey;

export function localKeys(): SiloKeys {
  const { n = '', e = '' } = rsa.publicKey.export({ format: 'jwk' });
  const { x = '', y = '' } = ec.publicKey.export({ format: 'jwk' });
  const { d = '' } = ec.privateKey.export({ format: 'jwk' });
  const kek = { kty: 'RSA' as const, n, e };
  const sig = { kty: 'EC' as const, crv: 'P-256' as const, x, y };
  const kid = (name: string) => `https://vault.test/keys/${name}/1`;
  return {
    kek: () => Promise.resolve({ kid: kid('kek'), jkt: jwkThumbprint(kek), jwk: kek }),
    sig: () => Promise.resolve({ kid: kid('sig'), jkt: jwkThumbprint(sig), jwk: sig }),
    sign: (digest) =>
      Promise.resolve(p256.sign(digest, Buffer.from(d, 'base64url'), { prehash: false, lowS: false })),
  };
}

export function trainerPath(name: string): string {
  return join(import.meta.dirname, '..', 'trainers', `${name}.mjs`);
}

export interface SiloPeer {
  readonly directory: string;
  config: SiloConfig;
  readonly world: World;
  readonly replies: OutgoingMessage[];
  readonly signals: OutgoingMessage[];
  /** Path to bytes. */
  readonly blobs: Map<string, Buffer>;
  readonly logLines: string[];
  /** Puts a message on the queue; resolves when the agent has settled it. */
  deliver(body: unknown): Promise<void>;
  /** Starts an agent; the answer stops it and waits for its end. */
  start(options?: {
    journalAt?: typeof openJournal;
    onCrash?: (crash: () => void) => void;
  }): () => Promise<void>;
  /** What the trainer wrote down of its runs. */
  trainings(): Promise<string[]>;
  /** Makes the next calls fail: before their effect or after it. */
  readonly faults: { upload: ('before' | 'after')[]; send: ('before' | 'after')[]; sign: 'fail'[] };
}

export async function startSiloPeer(
  coordinator: CoordinatorPeer,
  options: { trainer?: string; yaml?: string; timeoutSeconds?: number } = {},
): Promise<SiloPeer> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-agent-'));
  const stops = new Set<() => Promise<void>>();
  onTestFinished(async () => {
    for (const stop of stops) await stop();
    await rm(directory, { recursive: true, force: true });
  });
  await writeFile(join(directory, 'trainings.txt'), '');
  const command = [process.execPath, trainerPath(options.trainer ?? 'add-step')];
  const config = parseConfig(
    `
silo: hospital-a
coordinator: { url: "${coordinator.url}", audience: "api://tributary", planSigningThumbprint: "${coordinator.jkt}" }
serviceBus: { namespace: "localhost:1" }
updates: { account: "https://127.0.0.1:1/tribupdates" }
keys: { kek: "https://vault.test/keys/kek/1", sig: "https://vault.test/keys/sig/1" }
data: .
training: { command: ${JSON.stringify(command)}, timeoutSeconds: ${options.timeoutSeconds ?? 60} }
${options.yaml ?? ''}`,
    join(directory, 'silo.yaml'),
  );

  const queue: { body: unknown; settled: () => void }[] = [];
  let arrived = (): void => undefined;
  const replies: OutgoingMessage[] = [];
  const signals: OutgoingMessage[] = [];
  const blobs = new Map<string, Buffer>();
  const logLines: string[] = [];
  const faults: SiloPeer['faults'] = { upload: [], send: [], sign: [] };
  const keys = localKeys();

  const world: World = {
    clock: systemClock,
    inbox: {
      async receive(handle, signal) {
        while (!signal.aborted) {
          const message = queue[0];
          if (message === undefined) {
            const arrival = new AbortController();
            arrived = () => arrival.abort();
            await systemClock.sleep(60_000, AbortSignal.any([signal, arrival.signal]));
            continue;
          }
          try {
            await handle(message.body);
          } catch {
            await systemClock.sleep(5, signal);
            continue;
          }
          queue.shift();
          message.settled();
        }
      },
      probe: () => Promise.resolve(),
    },
    outbox: {
      send(name, message) {
        const fault = name === 'updates' ? faults.send.shift() : undefined;
        if (fault === 'before') return Promise.reject(new Error('the broker has gone'));
        (name === 'updates' ? replies : signals).push(structuredClone(message));
        return fault === 'after' ? Promise.reject(new Error('no answer')) : Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    updates: {
      async create(path, file) {
        const fault = faults.upload.shift();
        if (fault === 'before') throw new Error('the store has gone');
        const taken = blobs.has(path);
        if (!taken) blobs.set(path, await readFile(file));
        if (fault === 'after') throw new Error('no answer');
        return taken ? 'exists' : 'created';
      },
      probe: () => Promise.resolve(),
    },
    keys: {
      ...keys,
      sign: (digest) =>
        faults.sign.shift() === undefined
          ? keys.sign(digest)
          : Promise.reject(new Error('vault unreachable')),
    },
    coordinator: coordinatorApi(config.coordinator, () => Promise.resolve('token-of-the-silo')),
  };

  const peer: SiloPeer = {
    directory,
    config,
    world,
    replies,
    signals,
    blobs,
    logLines,
    faults,
    deliver(body) {
      return new Promise((settled) => {
        queue.push({ body, settled });
        arrived();
      });
    },
    start({ journalAt = openJournal, onCrash } = {}) {
      const controller = new AbortController();
      onCrash?.(() => controller.abort());
      const running = runAgent(
        {
          config: peer.config,
          world,
          log: (level, event, fields) => logLines.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`),
          agent: 'test',
          backoff: { firstMs: 5, maxMs: 20 },
          retryLater: { firstMs: 20, maxMs: 50 },
          signalIntervalMs: 50,
          journalAt,
        },
        controller.signal,
      );
      const stop = async (): Promise<void> => {
        stops.delete(stop);
        controller.abort();
        await running;
      };
      stops.add(stop);
      return stop;
    },
    async trainings() {
      return (await readFile(join(directory, 'trainings.txt'), 'utf8')).split('\n').filter(Boolean);
    },
  };
  return peer;
}
