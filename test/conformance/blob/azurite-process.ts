import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient } from '@azure/storage-blob';
import { SignJWT } from 'jose';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { trustLocalCa } from '../../local/trust.ts';
import type { RunningBlob } from './blob-backend.ts';

const ACCOUNT = 'devstoreaccount1';
/** Azurite 3.35 knows no newer one; with a newer one every link is refused. */
const NEWEST_VERSION = '2025-11-05';
const START_MS = 20_000;

/**
 * Starts Azurite from a folder that it was installed into, over TLS with Entra tokens. It checks a token's issuer,
 * audience and time and not its signature, so any key signs one. @throws Error when it does not answer in 20 s
 */
export async function startAzurite(folder: string): Promise<RunningBlob & { readonly pid: number }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-azurite-'));
  const tls = await ensureTlsMaterial(join(dataDir, 'tls'));
  const distrust = trustLocalCa(tls.caPem);
  const port = await freePort();
  const main = join(folder, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js');
  const files = ['server.pem', 'server.key'].map((name) => join(dataDir, 'tls', name));
  const options = {
    '--blobHost': '127.0.0.1',
    '--blobPort': String(port),
    '--location': join(dataDir, 'data'),
    '--oauth': 'basic',
    '--cert': files[0] ?? '',
    '--key': files[1] ?? '',
  };
  const flags = ['--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  const child = spawn(process.execPath, [main, ...Object.entries(options).flat(), ...flags], {
    stdio: 'ignore',
  });
  const accountUrl = `https://127.0.0.1:${port}/${ACCOUNT}`;
  const credential = {
    getToken: async () => ({ token: await anyToken(), expiresOnTimestamp: Date.now() + 3600_000 }),
  };
  const service = new BlobServiceClient(accountUrl, credential, { retryOptions: { maxTries: 1 } });
  await untilItAnswers(child, service);
  return {
    pid: child.pid ?? 0,
    accountUrl,
    accountName: ACCOUNT,
    caPem: tls.caPem,
    sasVersion: NEWEST_VERSION,
    credential,
    ensureContainer: async (name) => void (await service.getContainerClient(name).createIfNotExists()),
    async close() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      distrust();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function untilItAnswers(child: ChildProcess, service: BlobServiceClient): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await service.listContainers().next();
      return;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`Azurite ended with code ${child.exitCode}`);
      if (Date.now() > until) throw error;
      await sleep(100);
    }
  }
}

function anyToken(): Promise<string> {
  return new SignJWT({
    tid: '11111111-1111-4111-8111-111111111111',
    oid: '00000000-0000-4000-8000-000000000001',
  })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('https://sts.windows.net/11111111-1111-4111-8111-111111111111/')
    .setAudience('https://storage.azure.com')
    .setNotBefore('-1m')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new Uint8Array(32));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
