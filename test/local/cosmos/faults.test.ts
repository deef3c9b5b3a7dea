import { afterEach, describe, expect, it } from 'vitest';
import { createFaultPlan } from '../../../local/core/faults.ts';
import { type CosmosUnderTest, cosmosUnderTest, DATABASE, refusal } from './cosmos-under-test.ts';

let cosmos: CosmosUnderTest;

afterEach(() => cosmos.stop());

const withoutRetries = {
  connectionPolicy: {
    retryOptions: {
      maxRetryAttemptCount: 0,
      fixedRetryIntervalInMilliseconds: 0,
      maxWaitTimeInSeconds: 0,
    },
  },
};

describe('provisioned throughput', () => {
  it('refuses with 429 and says when to come again; the client’s own retries get everything through', async () => {
    let now = Date.parse('2026-01-01T00:00:00.250Z');
    cosmos = await cosmosUnderTest({ requestUnitsPerSecond: 30, now: () => now });
    await cosmos.container('budget');
    const strict = cosmos.client('owner', withoutRetries).database(DATABASE).container('budget');
    for (let n = 0; n < 5; n += 1) await strict.items.create({ id: `${n}`, pk: 'p' });
    const { code, error } = await refusal(strict.items.create({ id: 'over', pk: 'p' }));
    expect(code).toBe(429);
    expect(error).toMatchObject({ retryAfterInMs: 750, substatus: 3200, body: { code: 'TooManyRequests' } });
    expect((await refusal(strict.item('0', 'p').read())).code).toBe(429);
    expect((await strict.read()).statusCode).toBe(200);
    const patient = cosmos.client().database(DATABASE).container('budget');
    const work = patient.items.create({ id: 'patient', pk: 'p' });
    now += 1000;
    expect((await work).statusCode).toBe(201);
    expect((await strict.item('over', 'p').read()).statusCode).toBe(404);
  });
});

describe('an injected fault', () => {
  it('hits the operation it names, as often as it says', async () => {
    const faults = createFaultPlan();
    cosmos = await cosmosUnderTest({ faults });
    const items = await cosmos.container('faulty');
    faults.set([{ service: 'cosmos', operation: 'items/patch', kind: 'status', status: 449, times: 2 }]);
    await items.items.create({ id: 'a', pk: 'p', n: 0 });
    const patch = () => items.item('a', 'p').patch([{ op: 'incr', path: '/n', value: 1 }]);
    expect((await refusal(patch())).code).toBe(449);
    expect((await refusal(patch())).code).toBe(449);
    expect((await patch()).resource?.n).toBe(1);
  });

  it('that swallows the answer leaves the write done, so that trying again meets it', async () => {
    const faults = createFaultPlan();
    cosmos = await cosmosUnderTest({ faults });
    const items = await cosmos.container('faulty');
    faults.set([{ service: 'cosmos', operation: 'items/create', kind: 'lost-answer', times: 1 }]);
    await refusal(items.items.create({ id: 'a', pk: 'p' }));
    faults.set([]);
    expect((await refusal(items.items.create({ id: 'a', pk: 'p' }))).code).toBe(409);
  });
});
