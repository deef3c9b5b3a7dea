/**
 * The broker of the embedded cloud, measured by the official client over TLS: the client runs in this process, the
 * broker in another, every send synced to disk before it is answered. Bodies of 1,000 bytes.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { ServiceBusClient } from '@azure/service-bus';
import { build } from 'esbuild';
import { ensureTlsMaterial } from '../../local/core/tls.ts';
import type { BenchRow } from '../row.ts';

const BODY = Buffer.alloc(1_000, 7);
const CONNECTIONS = 200;

interface Broker {
  /** A client of its own connection. */
  client(): ServiceBusClient;
  /** Resident memory of the broker, MB. */
  residentMegabytes(): Promise<number>;
  /** Processor time that the broker has used so far, milliseconds. */
  cpuMilliseconds(): Promise<number>;
  stop(): Promise<void>;
}

async function startBroker(): Promise<Broker> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-bench-bus-'));
  const { caPem } = await ensureTlsMaterial(join(directory, 'tls'));
  trust(caPem);
  // Where the packages that stay outside the bundle resolve.
  const entry = resolve(`node_modules/.cache/tributary-bench-broker-${process.pid}.mjs`);
  await build({
    entryPoints: ['bench/cloud/broker-process.ts'],
    outfile: entry,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  const child = spawn(process.execPath, [entry, join(directory, 'data'), join(directory, 'tls')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((done) => child.once('exit', done));
  const port = await new Promise<string>((done) => createInterface(child.stdout).once('line', done));
  const clients: ServiceBusClient[] = [];
  const getToken = async () => ({ token: 'bench', expiresOnTimestamp: Date.now() + 3_600_000 });
  return {
    client() {
      const client = new ServiceBusClient(`localhost:${port}`, { getToken });
      clients.push(client);
      return client;
    },
    async residentMegabytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    async cpuMilliseconds() {
      const fields = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      // User and system time, in ticks of 10 ms.
      return 10 * (Number(fields[11]) + Number(fields[12]));
    },
    async stop() {
      await Promise.race([Promise.all(clients.map((client) => client.close())), sleep(3_000)]);
      child.kill('SIGKILL');
      await gone;
      await rm(entry, { force: true });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Makes the clients of this process trust the authority; it was made after the process had started. */
function trust(caPem: string): void {
  const create = tls.createSecureContext;
  tls.createSecureContext = (options) => {
    const secure = create(options);
    (secure.context as { addCACert(pem: string): void }).addCACert(caPem);
    return secure;
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function sendLatency(client: ServiceBusClient): Promise<number> {
  const sender = client.createSender('q');
  const taken: number[] = [];
  for (let index = 0; index < 600; index += 1) {
    const began = performance.now();
    await sender.sendMessages({ body: BODY });
    if (index >= 100) taken.push(performance.now() - began);
  }
  await sender.close();
  return median(taken);
}

/** Messages per second in batches of 100, four on their way at a time. */
async function batchedSends(client: ServiceBusClient, count: number): Promise<number> {
  const sender = client.createSender('q');
  let left = count / 100;
  const began = performance.now();
  async function lane(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const batch = await sender.createMessageBatch();
      for (let index = 0; index < 100; index += 1) batch.tryAddMessage({ body: BODY });
      await sender.sendMessages(batch);
    }
  }
  await Promise.all([lane(), lane(), lane(), lane()]);
  const rate = (1_000 * count) / (performance.now() - began);
  await sender.close();
  return rate;
}

/** Messages per second that are received under a lock and completed; empties the queue. */
async function receiveAndComplete(client: ServiceBusClient, count: number): Promise<number> {
  const receiver = client.createReceiver('q', { maxAutoLockRenewalDurationInMs: 0 });
  const began = performance.now();
  await new Promise<void>((done) => {
    let handled = 0;
    receiver.subscribe(
      {
        async processMessage(message) {
          await receiver.completeMessage(message);
          handled += 1;
          if (handled === count) done();
        },
        processError: async ({ error }) => process.emitWarning(error),
      },
      { maxConcurrentCalls: 500, autoCompleteMessages: false },
    );
  });
  const rate = (1_000 * count) / (performance.now() - began);
  await receiver.close();
  return rate;
}

/** From the call of send to the subscriber's handler, milliseconds, median. */
async function pushLatency(client: ServiceBusClient, other: ServiceBusClient): Promise<number> {
  const taken: number[] = [];
  let arrived = (): void => undefined;
  const receiver = other.createReceiver('q', { receiveMode: 'receiveAndDelete' });
  receiver.subscribe({
    processMessage: async () => arrived(),
    processError: async ({ error }) => process.emitWarning(error),
  });
  const sender = client.createSender('q');
  for (let index = 0; index < 400; index += 1) {
    const began = performance.now();
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const sent = sender.sendMessages({ body: BODY });
    await arrival;
    if (index >= 100) taken.push(performance.now() - began);
    await sent;
  }
  await receiver.close();
  await sender.close();
  return median(taken);
}

/** What the broker's memory grows by for 200 clients that wait on a queue each, MB. */
async function connectionMemory(broker: Broker): Promise<number> {
  const before = await broker.residentMegabytes();
  for (let from = 0; from < CONNECTIONS; from += 10) {
    const waiting = Array.from({ length: 10 }, async (_, index) => {
      const receiver = broker.client().createReceiver(`silo-${from + index}`);
      await receiver.receiveMessages(1, { maxWaitTimeInMs: 10 });
      receiver.subscribe({ processMessage: async () => undefined, processError: async () => undefined });
    });
    await Promise.all(waiting);
  }
  await sleep(1_000);
  return (await broker.residentMegabytes()) - before;
}

const SENT_SINGLY = 600;
const BATCHED = 20_000;

/** Runs `work` and gives its rate and what one message of it cost the broker, milliseconds of processor time. */
async function withCost(
  broker: Broker,
  count: number,
  work: () => Promise<number>,
): Promise<{ rate: number; cost: number }> {
  const before = await broker.cpuMilliseconds();
  const rate = await work();
  return { rate, cost: ((await broker.cpuMilliseconds()) - before) / count };
}

/**
 * Rates are bound by the client's own processor time where both share a busy machine; the costs are the broker's
 * alone, their bars the same rates on one core.
 */
export async function run(): Promise<BenchRow[]> {
  const broker = await startBroker();
  try {
    const client = broker.client();
    const connections = await connectionMemory(broker);
    const single = await sendLatency(client);
    const batched = await withCost(broker, BATCHED, () => batchedSends(client, BATCHED));
    const all = BATCHED + SENT_SINGLY;
    const received = await withCost(broker, all, () => receiveAndComplete(client, all));
    const push = await pushLatency(client, broker.client());
    return [
      { name: 'service bus: one send, median', value: single, unit: 'ms', bar: 3, direction: 'max' },
      {
        name: 'service bus: sends in batches of 100',
        value: batched.rate,
        unit: 'messages/s',
        bar: 10_000,
        direction: 'min',
      },
      {
        name: 'service bus: received under lock and completed',
        value: received.rate,
        unit: 'messages/s',
        bar: 5_000,
        direction: 'min',
      },
      {
        name: 'service bus: broker time of a batched send',
        value: batched.cost,
        unit: 'ms',
        bar: 0.1,
        direction: 'max',
      },
      {
        name: 'service bus: broker time of a receipt and completion',
        value: received.cost,
        unit: 'ms',
        bar: 0.2,
        direction: 'max',
      },
      { name: 'service bus: send to handler, median', value: push, unit: 'ms', bar: 3, direction: 'max' },
      {
        name: `service bus: memory of ${CONNECTIONS} connections`,
        value: connections,
        unit: 'MB',
        bar: 80,
        direction: 'max',
      },
    ];
  } finally {
    await broker.stop();
  }
}
