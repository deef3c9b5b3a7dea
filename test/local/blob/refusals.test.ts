import { describe, expect, it } from 'vitest';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { ACCOUNT, OWNER, rawRequest, refusal, startTestBlob } from './fixture.ts';

async function startWithBlob() {
  const cloud = await startTestBlob();
  await cloud.service.ensureContainer(ACCOUNT, 'box');
  const box = cloud.container('box');
  const blob = box.getBlockBlobClient('x');
  await blob.upload('x', 1);
  return { cloud, box, blob };
}

describe('what the service does not do', () => {
  it('is refused when it is not even known: headers, parameters, operations, verbs', async () => {
    const { cloud } = await startWithBlob();
    const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
      const answer = await rawRequest(cloud, method, `/${ACCOUNT}${path}`, { ...OWNER, ...headers });
      return `${answer.status} ${String(answer.headers['x-ms-error-code'])}`;
    };
    expect(await ask('GET', '/box/x', { 'x-ms-future': '1' })).toBe('400 UnsupportedHeader');
    expect(await ask('GET', '/box/x', { 'x-ms-meta-a': '1' })).toBe('400 UnsupportedHeader');
    expect(await ask('GET', '/box/x', { 'x-ms-blob-content-type': 'a/b' })).toBe('400 UnsupportedHeader');
    expect(await ask('PUT', '/box/x?comp=block&blockid=AAAA', { 'if-match': '"a"' })).toBe(
      '400 UnsupportedHeader',
    );
    expect(await ask('GET', '/box/x?future=1')).toBe('400 UnsupportedQueryParameter');
    expect(await ask('GET', '/box/x?sv=2026-04-06')).toBe('400 UnsupportedQueryParameter');
    expect(await ask('GET', '/box/x?comp=future')).toBe('400 InvalidQueryParameterValue');
    expect(await ask('GET', '/box/x?comp=constructor')).toBe('400 InvalidQueryParameterValue');
    expect(await ask('GET', '/box?restype=future')).toBe('400 InvalidQueryParameterValue');
    expect(await ask('PATCH', '/box/x')).toBe('405 UnsupportedHttpVerb');
    expect(await ask('PUT', '/box/y')).toBe('400 MissingRequiredHeader');
    expect(await ask('GET', '/box/%zz')).toBe('400 InvalidUri');
    expect(await ask('GET', '/box/a%00b')).toBe('400 InvalidResourceName');
    expect(await ask('GET', `/box/${'x'.repeat(1025)}`)).toBe('400 OutOfRangeInput');
    expect(await ask('GET', '/box/x', { 'x-ms-version': '2099-01-01' })).toBe('400 InvalidHeaderValue');
    expect(await ask('GET', '/box/x', { 'x-ms-version': 'x' })).toBe('400 InvalidHeaderValue');
    expect(await ask('GET', '/box/x', { 'if-modified-since': 'yesterday' })).toBe('400 InvalidHeaderValue');
  });
});

describe('injected faults', () => {
  it('reach the official client, which retries over them', async () => {
    const faults = createFaultPlan();
    const cloud = await startTestBlob({ faults });
    await cloud.service.ensureContainer(ACCOUNT, 'box');
    const blob = cloud.container('box').getBlockBlobClient('x');
    faults.set([{ service: 'blob', operation: 'Put Blob', kind: 'status', status: 503, times: 1 }]);
    expect(await refusal(blob.upload('x', 1))).toBe('503 ServerBusy');
    expect(await refusal(blob.upload('x', 1))).toBe('ok');
    faults.set([{ service: 'blob', operation: 'Put Blob', kind: 'lost-answer', times: 1 }]);
    const create = { conditions: { ifNoneMatch: '*' } };
    await expect(cloud.container('box').getBlockBlobClient('y').upload('y', 1, create)).rejects.toThrow();
    const again = cloud.container('box').getBlockBlobClient('y').upload('y', 1, create);
    expect(await refusal(again)).toBe('409 BlobAlreadyExists');
  });
});
