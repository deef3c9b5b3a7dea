import { createHash, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { createSigningThread } from '../../../local/key-vault/signing-thread.ts';
import { createTurns } from '../../../local/key-vault/turns.ts';
import { idOf, runningVault } from './running-vault.ts';

function thread() {
  const made = createSigningThread();
  onTestFinished(() => made.close());
  return made;
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
const rsa = { kind: 'sign-rsa', key: privateKey, scheme: 'pkcs1', hash: 'sha256' } as const;

test('signatures from the thread verify, however many are asked for at once', async () => {
  const signing = thread();
  const messages = Array.from({ length: 12 }, () => randomBytes(100));
  const signatures = await Promise.all(
    messages.map((message) =>
      signing.sign({ ...rsa, digest: createHash('sha256').update(message).digest() }),
    ),
  );
  for (const [index, message] of messages.entries()) {
    expect(verify('sha256', message, publicKey, signatures[index] ?? Buffer.alloc(0))).toBe(true);
  }
});

test('what the thread cannot sign is refused without a word about the key, and it signs on', async () => {
  const signing = thread();
  const scalar = Buffer.alloc(32, 0xff);
  const impossible = signing.sign({ kind: 'sign-ec', curve: 'P-256', scalar, digest: Buffer.alloc(32, 1) });
  await expect(impossible).rejects.toThrow(/^the signing thread failed: [A-Za-z]+$/);
  expect(await signing.sign({ ...rsa, digest: Buffer.alloc(32, 1) })).toHaveLength(512);
});

test('a thread that was ended fails what it was asked and starts again with the next signature', async () => {
  const signing = thread();
  const pending = Array.from({ length: 20 }, () => signing.sign({ ...rsa, digest: Buffer.alloc(32, 1) }));
  const outcomes = Promise.allSettled(pending);
  await signing.close();
  expect((await outcomes).some(({ status }) => status === 'rejected')).toBe(true);
  expect(await signing.sign({ ...rsa, digest: Buffer.alloc(32, 2) })).toHaveLength(512);
});

test('a vault answers other requests while it signs', async () => {
  const { keys, crypto, owner } = await runningVault();
  const key = await keys(owner).createRsaKey('sig', { keySize: 4096 });
  const client = crypto(idOf(key), owner);
  await client.sign('PS256', Buffer.alloc(32, 1));
  let signed = 0;
  const signatures = Promise.all(
    Array.from({ length: 60 }, async () => {
      await client.sign('PS256', Buffer.alloc(32, 1));
      signed += 1;
    }),
  );
  await keys(owner).getKey('sig');
  expect(signed).toBeLessThan(60);
  await signatures;
});

test('turns are given in order, never more at once than allowed, also when a task fails', async () => {
  const inTurn = createTurns(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 7 }, (_, index) =>
      inTurn(async () => {
        running += 1;
        most = Math.max(most, running);
        order.push(index);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running -= 1;
        if (index % 3 === 0) throw new Error('failed');
      }),
    ),
  );
  expect([most, order]).toEqual([2, [0, 1, 2, 3, 4, 5, 6]]);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(3);
});
