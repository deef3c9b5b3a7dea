import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MAX_INLINE_BYTES } from '../../../local/blob/inline-extent.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { bundleEntry, type RunningChild, startChild } from '../core/child-process.ts';
import { temporaryDirectory } from '../core/temporary-directory.ts';
import { trustLocalCa } from '../trust.ts';
import { ACCOUNT } from './account.ts';
import { credentialOf } from './fixture.ts';

const KILLS = 5;
const WRITERS = 6;

/** What a writer knows of one name: the last content acknowledged, and one that may or may not have been taken. */
interface Known {
  acknowledged: string | undefined;
  inDoubt: { content: string | undefined } | undefined;
}

describe('a service that is killed under load', () => {
  it('has every acknowledged put, overwrite, commit and delete, and no half of anything', async () => {
    const dataDir = await temporaryDirectory();
    const tls = await ensureTlsMaterial(dataDir);
    onTestFinished(trustLocalCa(tls.caPem));
    const entry = await bundleEntry('test/local/blob/killed-service.ts');
    const known = new Map<string, Known>();
    const versions = new Map<string, string>();
    let port = '0';
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = startChild(entry, [dataDir, port]);
      port = await child.line();
      const service = connect(port);
      await checkAll(service, known, versions);
      acknowledged += await loadUntilKilled(child, service, known, versions, kill);
    }
    expect(acknowledged).toBeGreaterThan(KILLS * WRITERS);
    const last = startChild(entry, [dataDir, port]);
    const service = connect(await last.line());
    const large = await checkAll(service, known, versions);
    // Every file left belongs to a blob, a version or a staged block: nothing half-written stays.
    const files = await readdir(join(dataDir, 'blob', 'extents'));
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(files.length).toBeGreaterThanOrEqual(large);
  });
});

function connect(port: string): BlobServiceClient {
  const url = `https://127.0.0.1:${port}/${ACCOUNT}`;
  return new BlobServiceClient(url, credentialOf('writer'), { retryOptions: { maxTries: 1 } });
}

async function loadUntilKilled(
  child: RunningChild,
  service: BlobServiceClient,
  known: Map<string, Known>,
  versions: Map<string, string>,
  round: number,
): Promise<number> {
  const box = service.getContainerClient('box');
  const versioned = service.getContainerClient('versioned').getBlockBlobClient('model');
  let acknowledged = 0;
  let killed = false;
  const enough = 60 + round * 13;
  const write = async (writer: number): Promise<void> => {
    for (let step = 0; !killed; step += 1) {
      const name = `w${writer}/n${step % 7}`;
      const state = known.get(name) ?? { acknowledged: undefined, inDoubt: undefined };
      known.set(name, state);
      const content =
        step % 4 === 3
          ? undefined
          : `${round} ${writer} ${step} ${randomBytes(step % 3 === 0 ? MAX_INLINE_BYTES : 300).toString('hex')}`;
      if (content === undefined && state.acknowledged === undefined) continue;
      state.inDoubt = { content };
      try {
        await change(box, name, content, step);
        if (writer === 0) {
          const text = `model ${round} ${step}`;
          const { versionId = '' } = await versioned.upload(text, text.length);
          versions.set(versionId, text);
        }
      } catch (error) {
        if (killed) return;
        throw error;
      }
      state.acknowledged = content;
      state.inDoubt = undefined;
      acknowledged += 1;
      if (acknowledged >= enough && !killed) {
        killed = true;
        await child.kill();
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  return acknowledged;
}

/** Puts in one piece or in two blocks; deletes when there is no content. */
async function change(box: ContainerClient, name: string, content: string | undefined, step: number) {
  const blob = box.getBlockBlobClient(name);
  if (content === undefined) return blob.delete();
  if (step % 4 !== 1) return blob.upload(content, content.length);
  await blob.stageBlock('AAAA', content.slice(0, 5), 5);
  await blob.stageBlock('BBBB', content.slice(5), content.length - 5);
  return blob.commitBlockList(['AAAA', 'BBBB']);
}

/** Gives the number of blobs whose content is a file. */
async function checkAll(
  service: BlobServiceClient,
  known: Map<string, Known>,
  versions: Map<string, string>,
): Promise<number> {
  const box = service.getContainerClient('box');
  let live = 0;
  for (const [name, state] of known) {
    const found = await contentOf(box, name);
    const allowed = [state.acknowledged, ...(state.inDoubt === undefined ? [] : [state.inDoubt.content])];
    expect(allowed, name).toContain(found);
    state.acknowledged = found;
    state.inDoubt = undefined;
    if (found !== undefined && found.length > MAX_INLINE_BYTES) live += 1;
  }
  const model = service.getContainerClient('versioned').getBlobClient('model');
  for (const [id, text] of versions) {
    expect((await model.withVersion(id).downloadToBuffer()).toString()).toBe(text);
  }
  return live;
}

async function contentOf(box: ContainerClient, name: string): Promise<string | undefined> {
  try {
    return (await box.getBlobClient(name).downloadToBuffer()).toString();
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return undefined;
    throw error;
  }
}
