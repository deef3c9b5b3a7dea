/** RSA-3072 unwraps of the embedded Key Vault, and what other requests wait meanwhile. */
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import { quantile, rate, secondsSince } from '../measure.ts';
import type { BenchRow } from '../row.ts';
import { removeCloud, startRunningCloud } from './running-cloud.ts';

const CONCURRENCY = 16;
const local = { disableChallengeResourceVerification: true } as const;

export async function run({ quick }: { readonly quick: boolean }): Promise<BenchRow[]> {
  const count = quick ? 600 : 3000;
  const cloud = await startRunningCloud();
  try {
    const aggregator = new CryptographyClient(cloud.kek, cloud.credential('aggregator'), local);
    const keys = new KeyClient(cloud.kek.replace(/\/keys\/.*/, ''), cloud.credential('silo'), local);
    const { result } = await aggregator.wrapKey('RSA-OAEP-256', Buffer.alloc(32, 1));
    const unwrap = () => aggregator.unwrapKey('RSA-OAEP-256', result);
    await rate(100, CONCURRENCY, unwrap);
    let running = true;
    const waits: number[] = [];
    const probing = (async () => {
      while (running) {
        const begun = performance.now();
        await keys.getKey('kek');
        waits.push(performance.now() - begun);
        await sleep(20);
      }
    })();
    const unwraps = await rate(count, CONCURRENCY, unwrap);
    running = false;
    await probing;
    return [
      {
        name: 'key vault: unwraps with RSA-3072, 16 at a time',
        value: unwraps,
        unit: 'per second',
        bar: 300,
        direction: 'min',
        peer: `one core alone: ${bareUnwraps().toFixed(0)}`,
      },
      {
        name: 'key vault: reading a key during these, 99 of 100 within',
        value: quantile(waits, 0.99),
        unit: 'ms',
        bar: 50,
        direction: 'max',
      },
    ];
  } finally {
    await cloud.stop();
    await removeCloud(cloud.dataDir);
  }
}

/** What one core of this machine does without any service around it, per second. */
function bareUnwraps(): number {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
  const wrapped = publicEncrypt({ key: publicKey, ...padding }, Buffer.alloc(32, 1));
  const begun = performance.now();
  for (let index = 0; index < 200; index += 1) privateDecrypt({ key: privateKey, ...padding }, wrapped);
  return 200 / secondsSince(begun);
}
