import { readFile, stat, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startHttpService } from '../../../local/core/http-service.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { trustLocalCa } from '../trust.ts';
import { temporaryDirectory } from './temporary-directory.ts';

async function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    https
      .get(url, { agent: false }, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', reject);
  });
}

test('clients that trust the authority reach every loopback name and others are refused', async () => {
  const tls = await ensureTlsMaterial(await temporaryDirectory());
  const service = await startHttpService({
    port: 0,
    tls,
    handle: async (_request, response) => void response.end(),
  });
  onTestFinished(() => service.close());
  await expect(statusOf(`https://127.0.0.1:${service.port}/`)).rejects.toThrow(/certificate/);
  onTestFinished(trustLocalCa(tls.caPem));
  expect(await statusOf(`https://127.0.0.1:${service.port}/`)).toBe(200);
  expect(await statusOf(`https://localhost:${service.port}/`)).toBe(200);
});

test('material is kept across starts, private to its owner, and names no key of the authority', async () => {
  const directory = await temporaryDirectory();
  const first = await ensureTlsMaterial(directory);
  expect(await ensureTlsMaterial(directory)).toEqual(first);
  expect((await stat(join(directory, 'server.key'))).mode & 0o777).toBe(0o600);
  expect((await readFile(first.caFile, 'utf8')).match(/-----BEGIN [A-Z ]+-----/g)).toEqual([
    '-----BEGIN CERTIFICATE-----',
  ]);
});

test('new material is made when a crash left halves that do not fit, and before the old expires', async () => {
  const directory = await temporaryDirectory();
  const first = await ensureTlsMaterial(directory);
  const other = await ensureTlsMaterial(await temporaryDirectory());
  await writeFile(join(directory, 'server.pem'), other.certPem);
  const second = await ensureTlsMaterial(directory);
  expect(second.caPem).not.toBe(first.caPem);
  const nineYears = Date.now() + 9 * 365 * 24 * 3600_000;
  expect(await ensureTlsMaterial(directory, () => nineYears)).toEqual(second);
  const almostTen = Date.now() + 3640 * 24 * 3600_000;
  expect((await ensureTlsMaterial(directory, () => almostTen)).caPem).not.toBe(second.caPem);
});
