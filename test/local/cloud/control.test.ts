import { expect, onTestFinished, test } from 'vitest';
import { startControl } from '../../../local/cloud/control.ts';
import { createFaultPlan } from '../../../local/core/faults.ts';

async function running() {
  const faults = createFaultPlan();
  const control = await startControl({
    port: 0,
    key: 'the key',
    faults,
    cloud: {
      endpoints: { blob: 'https://127.0.0.1:1' },
      silos: () => ['a'],
      ensureSilo: () => Promise.reject(new Error('not in this test')),
    },
  });
  onTestFinished(() => control.close());
  const put = async (path: string, body: string, key = 'the key') => {
    const response = await fetch(`http://127.0.0.1:${control.port}/${path}`, {
      method: 'PUT',
      headers: { 'x-control-key': key },
      body,
    });
    const { error } = (await response.json()) as { error?: string };
    return [response.status, error] as const;
  };
  return { faults, put };
}

const rule = { service: 'blob', operation: 'Put*', kind: 'status', times: 1 };

test('faults are planned by who holds the key, and by nobody else', async () => {
  const { faults, put } = await running();
  expect((await put('faults', JSON.stringify([rule]), 'another key'))[0]).toBe(401);
  expect(faults.next('blob', 'Put Blob')).toBeUndefined();
  expect((await put('faults', JSON.stringify([rule])))[0]).toBe(200);
  expect(faults.next('blob', 'Put Blob')?.kind).toBe('status');
  expect(faults.next('blob', 'Put Blob')).toBeUndefined();
});

test('rules that are none, or that could never act, are refused and leave those in force alone', async () => {
  const { faults, put } = await running();
  await put('faults', JSON.stringify([{ ...rule, times: 5 }]));
  const wrong: [object, RegExp][] = [
    [{ ...rule, kind: 'flood' }, /kind/],
    [{ ...rule, times: -1 }, /times/],
    [{ ...rule, timse: 1 }, /timse/],
    [{ ...rule, kind: 'lock-lost' }, /does not exist at service 'blob'/],
    [{ ...rule, service: 'servicebus', operation: 'send q', kind: 'reorder' }, /cannot hit operation/],
    [{ ...rule, service: 'servicebus', operation: 'deliver q', kind: 'status' }, /cannot hit operation/],
  ];
  for (const [body, reason] of wrong) {
    const [status, error] = await put('faults', JSON.stringify([body]));
    expect([status, error]).toEqual([400, expect.stringMatching(reason)]);
  }
  expect((await put('faults', 'no JSON'))[0]).toBe(400);
  expect(faults.next('blob', 'Put Blob')?.kind).toBe('status');
});

test("the broker's clock is moved on and never back", async () => {
  const { faults, put } = await running();
  expect((await put('clock', '{"advanceMs":60000}'))[0]).toBe(200);
  expect((await put('clock', '{"advanceMs":-1}'))[0]).toBe(400);
  await put('clock', '{"advanceMs":1000}');
  expect(faults.clockAheadMs).toBe(61_000);
});
