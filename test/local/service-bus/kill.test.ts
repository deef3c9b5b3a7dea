import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { atEnd, connect, freshDirectory, testTls } from './namespace.ts';

const KILLS = 8;

async function prepareBroker(): Promise<() => Promise<{ child: ChildProcess; endpoint: string }>> {
  const directory = await freshDirectory();
  const script = join(directory, 'broker.mjs');
  await build({
    entryPoints: ['test/local/service-bus/broker-process.ts'],
    outfile: script,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const { certPem, keyPem } = await testTls();
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  await writeFile(cert, certPem);
  await writeFile(key, keyPem);
  // Small, so that the log is rewritten now and then and kills hit that too.
  const settings = { port: 0, dataDir: join(directory, 'data'), cert, key, compactAbove: 100_000 };
  return async () => {
    const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    atEnd(async () => child.kill('SIGKILL'));
    for await (const line of createInterface(child.stdout)) {
      const [, port] = /^listening (\d+)$/.exec(line) ?? [];
      if (port !== undefined) return { child, endpoint: `localhost:${port}` };
    }
    throw new Error('the broker did not start');
  };
}

/** What clients know: sends acknowledged, completions acknowledged, completions that may or may not have arrived. */
interface Ledger {
  readonly sent: Set<string>;
  readonly completed: Set<string>;
  readonly unsure: Set<string>;
  /** Completed messages that were delivered again. */
  readonly zombies: Set<string>;
}

function runClients(endpoint: string, life: number, ledger: Ledger): { stop(): Promise<unknown> } {
  const impatient = { retryOptions: { maxRetries: 0, timeoutInMs: 1000 } };
  let running = true;
  async function send(index: number): Promise<void> {
    const sender = connect(endpoint, 'producer', impatient).createSender('q');
    for (let n = 0; running; n++) {
      const ids = Array.from({ length: n % 5 === 0 ? 10 : 1 }, (_, i) => `${life}.${index}.${n}.${i}`);
      await sender.sendMessages(ids.map((messageId) => ({ messageId, body: 'x'.repeat(200) })));
      for (const id of ids) ledger.sent.add(id);
    }
  }
  async function receive(index: number): Promise<void> {
    const receiver = connect(endpoint, 'consumer', impatient).createReceiver('q');
    while (running) {
      for (const message of await receiver.receiveMessages(10, { maxWaitTimeInMs: 500 })) {
        await settle(message, index);
      }
    }
    async function settle(message: ServiceBusReceivedMessage, turn: number): Promise<void> {
      const id = String(message.messageId);
      if (ledger.completed.has(id)) ledger.zombies.add(id);
      if ((message.sequenceNumber?.toNumber() ?? 0) % 3 === turn) return receiver.abandonMessage(message);
      ledger.unsure.add(id);
      await receiver.completeMessage(message);
      ledger.completed.add(id);
      ledger.unsure.delete(id);
    }
  }
  const ignore = (): void => undefined;
  const loops = [0, 1, 2, 3].map((index) => send(index).catch(ignore));
  loops.push(...[0, 1].map((index) => receive(index).catch(ignore)));
  return {
    stop() {
      running = false;
      return Promise.all(loops);
    },
  };
}

describe('a broker that is killed under load', () => {
  it('keeps every acknowledged send and brings no completed message back', async () => {
    const start = await prepareBroker();
    const ledger: Ledger = { sent: new Set(), completed: new Set(), unsure: new Set(), zombies: new Set() };
    const endings: Promise<unknown>[] = [];
    for (let life = 0; life < KILLS; life++) {
      const { child, endpoint } = await start();
      const clients = runClients(endpoint, life, ledger);
      const before = ledger.sent.size;
      // By work done and not by the clock, so that a slow machine is killed under load as well.
      while (ledger.sent.size < before + 60 + 40 * life) await sleep(5);
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      endings.push(clients.stop());
    }
    await Promise.all(endings);

    const { endpoint } = await start();
    const receiver = connect(endpoint, 'auditor').createReceiver('q', { receiveMode: 'receiveAndDelete' });
    const left = new Set<string>();
    for (;;) {
      const messages = await receiver.receiveMessages(200, { maxWaitTimeInMs: 1000 });
      if (messages.length === 0) break;
      for (const { messageId } of messages) left.add(String(messageId));
    }
    const { sent, completed, unsure, zombies } = ledger;
    const lost = [...sent].filter((id) => !left.has(id) && !completed.has(id) && !unsure.has(id));
    const back = [...left].filter((id) => completed.has(id));
    expect({ lost, back, zombies: [...zombies] }).toEqual({ lost: [], back: [], zombies: [] });
    expect(sent.size).toBeGreaterThan(KILLS * 60);
    expect(completed.size).toBeGreaterThan(0);
  }, 60_000);
});
