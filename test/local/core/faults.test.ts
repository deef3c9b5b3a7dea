import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openAppendLog } from '../../../local/core/append-log.ts';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { startHttpService } from '../../../local/core/http-service.ts';
import { crashFromPlan } from '../../../local/core/log-crash.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const blob = { service: 'blob', operation: 'Put*', kind: 'status', times: 1 } as const;

test('a rule lets as many operations pass as it says, then hits as often as it says', () => {
  const plan = createFaultPlan();
  plan.set([{ ...blob, skip: 2, times: 2 }]);
  const hits = Array.from({ length: 6 }, () => plan.next('blob', 'Put Blob') !== undefined);
  expect(hits).toEqual([false, false, true, true, false, false]);
});

test('while one rule lets an operation pass, the next one may hit it', () => {
  const plan = createFaultPlan();
  plan.set([
    { ...blob, skip: 1 },
    { ...blob, kind: 'latency' },
  ]);
  expect(plan.next('blob', 'Put Blob')?.kind).toBe('latency');
  expect(plan.next('blob', 'Put Blob')?.kind).toBe('status');
});

async function serve(kill: { point?: 'before-write' | 'before-answer' }) {
  const events: string[] = [];
  const plan = createFaultPlan(() => void events.push('killed'));
  plan.set([{ ...blob, kind: 'kill', ...kill }]);
  const service = await startHttpService({
    port: 0,
    async handle(_request, response) {
      events.push('ran');
      response.end('done');
    },
    faults: { plan, service: 'blob', operationOf: () => 'Put Blob' },
  });
  onTestFinished(() => service.close());
  const socket = connect(service.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write('PUT / HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  return { events, answer };
}

test('a kill before the write comes before the operation, one before the answer after it; neither answers', async () => {
  expect(await serve({})).toEqual({ events: ['killed'], answer: '' });
  expect(await serve({ point: 'before-answer' })).toEqual({ events: ['ran', 'killed'], answer: '' });
});

test('the log dies where it is told: with nothing, half or all of a record in the file', async () => {
  class Died extends Error {}
  const survivors: Record<string, string[]> = {};
  for (const point of ['before-write', 'half-written', 'written', 'synced']) {
    const directory = await temporaryDirectory();
    const records: string[] = [];
    const open = (crash = {}) =>
      openAppendLog({
        directory,
        name: 'store',
        replay: (record) => records.push(record.toString()),
        snapshot: () => [],
        ...crash,
      });
    const plan = createFaultPlan(() => {
      throw new Died();
    });
    const log = await open(crashFromPlan(plan, 'blob'));
    await log.append(Buffer.from('acknowledged'));
    plan.set([{ service: 'blob', operation: `log ${point}`, kind: 'kill', times: 1 }]);
    await expect(log.append(Buffer.from('last'))).rejects.toBeInstanceOf(Died);
    await log.close();
    await (await open()).close();
    survivors[point] = records;
  }
  expect(survivors).toEqual({
    'before-write': ['acknowledged'],
    'half-written': ['acknowledged'],
    written: ['acknowledged', 'last'],
    synced: ['acknowledged', 'last'],
  });
});
