/** Clients below the official one, for what that one never sends. */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import rhea from 'rhea';
import { atEnd, testTls, token } from './namespace.ts';

export async function tlsSocket(port: number): Promise<Socket> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    ca: (await testTls()).caPem,
    servername: 'localhost',
  });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return socket;
}

export async function rawConnection(port: number) {
  const connection = rhea.create_container().connect({
    transport: 'tls',
    host: 'localhost',
    port,
    ca: (await testTls()).caPem,
    reconnect: false,
    username: 'anonymous',
  });
  connection.on('connection_error', () => undefined);
  connection.on('disconnected', () => undefined);
  atEnd(async () => connection.close());
  await new Promise((resolve) => connection.once('connection_open', resolve));
  return connection;
}

export async function putToken(
  connection: Awaited<ReturnType<typeof rawConnection>>,
  port: number,
  queue: string,
  text = token('admin'),
) {
  const answers = `answers-${randomUUID()}`;
  const receiver = connection.open_receiver({ source: '$cbs', name: answers, autoaccept: true });
  const sender = connection.open_sender({ target: '$cbs' });
  await new Promise((resolve) => sender.once('sendable', resolve));
  sender.send({
    message_id: '1',
    reply_to: answers,
    application_properties: { operation: 'put-token', type: 'jwt', name: `sb://localhost:${port}/${queue}` },
    body: text,
  });
  return new Promise<number>((resolve) =>
    receiver.once('message', ({ message }) =>
      resolve(Number(message?.application_properties?.['status-code'])),
    ),
  );
}
