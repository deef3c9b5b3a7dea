/** What the machine gives, said before its figures: they mean little without it. */
import { createCipheriv, randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import * as z from 'zod';
import { secondsSince } from '../measure.ts';
import { lineServer } from './line-server.ts';

const facts = z.object({ faultNanoseconds: z.number(), versions: z.string() });

export async function machineFacts(python: string | undefined): Promise<string> {
  const { node, openssl } = process.versions;
  const own = `memcpy ${copyRate().toFixed(1)} GB/s, AES-256-GCM ${cipherRate().toFixed(2)} GB/s`;
  const load = `load ${loadavg()
    .map((value) => value.toFixed(2))
    .join(' ')}`;
  const versions = `Node ${node}, OpenSSL ${openssl}`;
  if (python === undefined) return `${own}, ${load}; ${versions}`;
  const peer = lineServer(python, ['bench/aggregation/peers.py']);
  const found = await peer.ask(facts, { op: 'facts' });
  await peer.stop();
  const fault = `page fault ${found.faultNanoseconds.toFixed(0)} ns`;
  return `${fault}, ${own}, ${load}; ${versions}, ${found.versions}`;
}

function copyRate(): number {
  const [from, to] = [new Uint8Array(100e6).fill(1), new Uint8Array(100e6).fill(2)];
  return best(100e6, () => to.set(from));
}

/** In segments as updates have them. */
function cipherRate(): number {
  const [key, nonce, segment] = [randomBytes(32), randomBytes(12), randomBytes(262_112)];
  return best(64 * segment.length, () => {
    for (let i = 0; i < 64; i++) createCipheriv('aes-256-gcm', key, nonce).update(segment);
  });
}

function best(bytes: number, work: () => void): number {
  let rate = 0;
  for (let time = 0; time < 9; time++) {
    const begun = performance.now();
    work();
    rate = Math.max(rate, bytes / 1e9 / secondsSince(begun));
  }
  return rate;
}
