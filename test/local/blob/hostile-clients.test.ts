import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ACCOUNT, OWNER, PATIENT, rawRequest, startTestBlob, type TestBlob } from './fixture.ts';

async function startWithContainer(options: { idleTimeoutMs?: number } = {}): Promise<TestBlob> {
  const cloud = await startTestBlob(options);
  await cloud.service.ensureContainer(ACCOUNT, 'box');
  return cloud;
}

async function openSocket({ service, tls }: TestBlob): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: service.port, ca: tls.caPem });
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
  return socket;
}

function putHead(name: string, length: number): string {
  return [
    `PUT /${ACCOUNT}/box/${name} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Authorization: Bearer token-owner',
    'x-ms-version: 2026-04-06',
    'x-ms-blob-type: BlockBlob',
    `Content-Length: ${length}`,
    '',
    '',
  ].join('\r\n');
}

function getHead(name: string): string {
  const headers = 'Host: x\r\nAuthorization: Bearer token-owner\r\nx-ms-version: 2026-04-06';
  return `GET /${ACCOUNT}/box/${name} HTTP/1.1\r\n${headers}\r\n\r\n`;
}

function extentFiles(cloud: TestBlob): Promise<string[]> {
  return readdir(join(cloud.dataDir, 'blob', 'extents'));
}

describe('clients that misbehave', () => {
  it('leave nothing behind when they stop in the middle of a body', async () => {
    const cloud = await startWithContainer();
    const sockets = await Promise.all(Array.from({ length: 5 }, () => openSocket(cloud)));
    for (const [index, socket] of sockets.entries()) {
      socket.write(putHead(`half-${index}`, 10_000_000));
      socket.write(randomBytes(3_000_000));
    }
    await expect.poll(() => extentFiles(cloud), PATIENT).toHaveLength(5);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => extentFiles(cloud), PATIENT).toEqual([]);
    expect((await cloud.container('box').listBlobsFlat().next()).done).toBe(true);
  });

  it('do not disturb others: garbage, silence and clients that never read', async () => {
    const cloud = await startWithContainer();
    const blob = cloud.container('box').getBlockBlobClient('big');
    const bytes = randomBytes(8 * 1024 * 1024);
    await blob.upload(bytes, bytes.length);
    const garbage = await openSocket(cloud);
    garbage.write(randomBytes(5000));
    const silent = await openSocket(cloud);
    silent.write('GET /');
    const slow = await openSocket(cloud);
    slow.write(putHead('slow', 1000));
    slow.write('only a little');
    const deaf = await openSocket(cloud);
    deaf.pause();
    deaf.write(getHead('big'));
    for (let index = 0; index < 10; index += 1) {
      await cloud.container('box').getBlockBlobClient(`small-${index}`).upload('x', 1);
    }
    expect((await blob.downloadToBuffer()).equals(bytes)).toBe(true);
    // The deaf client holds what it reads, and lets go of it when it leaves.
    await blob.delete();
    expect(await extentFiles(cloud)).toHaveLength(1);
    deaf.destroy();
    await expect.poll(() => extentFiles(cloud), PATIENT).toEqual([]);
    slow.write('x'.repeat(1000 - 'only a little'.length));
    const slowBlob = cloud.container('box').getBlobClient('slow');
    await expect.poll(() => slowBlob.exists(), PATIENT).toBe(true);
  });

  it('are told at once when their body is refused, and their connection goes on', async () => {
    const cloud = await startWithContainer();
    const socket = await openSocket(cloud);
    const answers: string[] = [];
    socket.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
    await cloud.container('box').getBlockBlobClient('taken').upload('x', 1);
    const create = putHead('taken', 2_000_000).replace('\r\n\r\n', '\r\nIf-None-Match: *\r\n\r\n');
    socket.write(create);
    await expect.poll(() => answers.join(''), PATIENT).toContain('BlobAlreadyExists');
    socket.write(Buffer.alloc(2_000_000));
    socket.write(`${putHead('next', 2)}ok`);
    await expect.poll(() => answers.join(''), PATIENT).toContain('HTTP/1.1 201 Created');
  });

  it('are cut off when they stop sending or reading, and let go of what they held', async () => {
    const cloud = await startWithContainer({ idleTimeoutMs: 500 });
    const blob = cloud.container('box').getBlockBlobClient('big');
    const bytes = randomBytes(8 * 1024 * 1024);
    await blob.upload(bytes, bytes.length);
    const deaf = await openSocket(cloud);
    deaf.pause();
    deaf.write(getHead('big'));
    const stuck = await openSocket(cloud);
    stuck.write(putHead('stuck', 1000));
    stuck.write('only a little');
    stuck.resume();
    await expect.poll(() => stuck.closed, PATIENT).toBe(true);
    await blob.delete();
    await expect.poll(() => extentFiles(cloud), PATIENT).toEqual([]);
  });

  it('must say how long a body is', async () => {
    const cloud = await startWithContainer();
    const socket = await openSocket(cloud);
    const answers: string[] = [];
    socket.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
    socket.write(putHead('chunked', 0).replace('Content-Length: 0', 'Transfer-Encoding: chunked'));
    socket.write('1\r\nx\r\n0\r\n\r\n');
    await expect.poll(() => answers.join(''), PATIENT).toContain('411');
    const huge = { ...OWNER, 'x-ms-blob-type': 'BlockBlob', 'content-length': '9000000000000' };
    const answer = await rawRequest(cloud, 'PUT', `/${ACCOUNT}/box/huge`, huge);
    expect(answer.headers['x-ms-error-code']).toBe('RequestBodyTooLarge');
  });
});
