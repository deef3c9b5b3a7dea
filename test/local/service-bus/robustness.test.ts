import { randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import rhea from 'rhea';
import { describe, expect, it } from 'vitest';
import { receiveOne, until } from './expectations.ts';
import { atEnd, type Namespace, startNamespace } from './namespace.ts';
import { putToken, rawConnection, tlsSocket } from './raw-client.ts';

const HEADER = Buffer.from('AMQP\x00\x01\x00\x00', 'latin1');

/** Sends bytes and resolves when the broker has ended the connection. */
async function endedAfter(socket: Socket, bytes: Buffer): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
}

async function expectServed({ client }: Namespace): Promise<void> {
  const sb = client();
  await sb.createSender('q').sendMessages({ body: 'still here' });
  const receiver = sb.createReceiver('q');
  const message = await receiveOne(receiver);
  expect(message.body).toBe('still here');
  await receiver.completeMessage(message);
}

describe('the broker keeps serving', () => {
  it('whatever bytes arrive on its port', async () => {
    const namespace = await startNamespace([{ name: 'q' }]);
    const { port } = namespace.bus;
    await endedAfter(connectTcp(port, '127.0.0.1'), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await endedAfter(connectTcp(port, '127.0.0.1'), randomBytes(2000));
    await endedAfter(await tlsSocket(port), Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await endedAfter(await tlsSocket(port), randomBytes(2000));
    for (let round = 0; round < 20; round++) {
      const size = Buffer.alloc(8);
      size.writeUInt32BE(round % 2 === 0 ? 64 : round);
      size[4] = 2;
      await endedAfter(await tlsSocket(port), Buffer.concat([HEADER, size, randomBytes(200)]));
    }
    await expectServed(namespace);
  });

  it('when a frame announces more than the limit', async () => {
    const namespace = await startNamespace([{ name: 'q' }]);
    const size = Buffer.alloc(8);
    size.writeUInt32BE(0x7fffffff);
    await endedAfter(await tlsSocket(namespace.bus.port), Buffer.concat([HEADER, size]));
    await expectServed(namespace);
  });

  it('next to connections that never say who they are, which it ends', async () => {
    const namespace = await startNamespace([{ name: 'q' }], { limits: { unauthenticatedMs: 300 } });
    const silent = connectTcp(namespace.bus.port, '127.0.0.1');
    silent.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
    atEnd(async () => silent.destroy());
    await expectServed(namespace);
    await endedAfter(await tlsSocket(namespace.bus.port), HEADER);
    await expectServed(namespace);
  });

  it('when a connection opens links or sessions without end', async () => {
    const namespace = await startNamespace([{ name: 'q' }]);
    const connection = await rawConnection(namespace.bus.port);
    const closed = new Promise<string>((resolve) =>
      connection.on('connection_close', () =>
        resolve(String(Reflect.get(connection.error ?? {}, 'condition'))),
      ),
    );
    for (const event of ['error', 'sender_error', 'sender_close']) connection.on(event, () => undefined);
    for (let i = 0; i < 40; i++) connection.open_sender({ target: '$cbs', name: `flood-${i}` });
    expect(await closed).toBe('amqp:resource-limit-exceeded');
    await expectServed(namespace);
  });

  it('and refuses messages whose structure does not add up, before a receiver has to read them', async () => {
    const namespace = await startNamespace([{ name: 'q' }]);
    const { port } = namespace.bus;
    const connection = await rawConnection(port);
    expect(await putToken(connection, port, 'q')).toBe(202);
    const sender = connection.open_sender({ target: 'q', snd_settle_mode: 0 });
    await new Promise((resolve) => sender.once('sendable', resolve));
    const malformed = [
      Buffer.from('no AMQP at all'),
      // Application properties that claim four items and hold one.
      Buffer.from([0, 0x53, 0x74, 0xc1, 4, 4, 0xa1, 1, 0x61]),
      // An array of four billion values without width.
      Buffer.from([0, 0x53, 0x77, 0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x41]),
      Buffer.concat([Buffer.from([0, 0x53, 0x77]), Buffer.alloc(5000)]),
    ];
    const conditions: unknown[] = [];
    sender.on('rejected', ({ delivery }) => {
      conditions.push(Reflect.get(Reflect.get(delivery?.remote_state ?? {}, 'error') as object, 'condition'));
    });
    for (const bytes of malformed) sender.send(bytes, undefined, 0);
    await until(() => conditions.length === malformed.length);
    expect(conditions).toEqual(malformed.map(() => 'amqp:decode-error'));
    await expectServed(namespace);
  });

  it('and names what it does not implement', async () => {
    const namespace = await startNamespace([{ name: 'q' }]);
    const { port } = namespace.bus;
    const connection = await rawConnection(port);
    await putToken(connection, port, 'q');
    const receiver = connection.open_receiver({
      source: { address: 'q', filter: { 'com.microsoft:session-filter': rhea.types.wrap_string('s') } },
    });
    const error = await new Promise<object>((resolve) =>
      receiver.on('receiver_error', () => resolve(receiver.error ?? {})),
    );
    expect(Reflect.get(error, 'condition')).toBe('amqp:not-implemented');
    expect(String(Reflect.get(error, 'description'))).toContain("'sessions'");
  });
});
