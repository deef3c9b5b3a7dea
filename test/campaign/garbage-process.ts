/**
 * A hostile peer, in a process of its own so that it slows nobody but its victim: random bytes, TLS to plain ports and
 * plain text to TLS ports, halves of handshakes, headers of 10 MB, headers a byte at a time, connections that stay
 * silent, and AMQP frames that are huge, cut short or random. Arguments: milliseconds, then ports, `tls:` in front of
 * those that speak TLS. Prints how many connections it made.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

const LANES = 4;
const SILENT = 60;
const SLOW = 20;
/** How long a victim may leave a hostile connection open before the next comes. */
const PATIENCE_MS = 200;

const [milliseconds = '0', ...targets] = process.argv.slice(2);
const end = Date.now() + Number(milliseconds);
const sockets = new Set<Socket>();
let made = 0;

function track<T extends Socket>(socket: T): T {
  made += 1;
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
  socket.resume();
  return socket;
}

const plain = (port: number): Socket => track(connect(port, '127.0.0.1'));

async function encrypted(port: number): Promise<Socket> {
  const socket = track(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }));
  await Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), sleep(PATIENCE_MS)]);
  return socket;
}

async function say(socket: Socket, bytes: Buffer | string): Promise<void> {
  socket.write(bytes);
  await Promise.race([new Promise((resolve) => socket.once('close', resolve)), sleep(PATIENCE_MS)]);
  socket.destroy();
}

function frame(size: number, ...rest: Buffer[]): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 2, 0, 0, 0]);
  head.writeUInt32BE(size);
  return Buffer.concat([Buffer.from('AMQP\x00\x01\x00\x00', 'latin1'), head, ...rest]);
}

const HELLO = Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), randomBytes(190)]);
const TEXT = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

/** What may be said inside the port's own encryption. */
const speeches: (() => Buffer | string)[] = [
  () => randomBytes(4000),
  () => TEXT.repeat(3),
  () => `GET / HTTP/1.1\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(10_000)}`,
  () => `POST /%zz/..%00 HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n{`,
  () => frame(0x7fffffff, randomBytes(100_000)),
  () => frame(400, randomBytes(30)),
  () => frame(200, randomBytes(192)),
  () => Buffer.from('AMQP\x03\x01\x00\x00\x00\x00\x00\x10\x02\x01\x00\x00', 'latin1'),
];

async function lane(port: number, secure: boolean, turn: number): Promise<void> {
  for (let n = turn; Date.now() < end; n += 1) {
    if (n % 4 === 0) await say(plain(port), n % 8 === 0 ? randomBytes(2000) : secure ? TEXT : HELLO);
    else if (n % 4 === 1) await say(plain(port), HELLO.subarray(0, 20));
    else {
      const socket = secure ? await encrypted(port) : plain(port);
      await say(socket, speeches[n % speeches.length]?.() ?? '');
    }
  }
}

/** A header that never ends, a byte now and then. */
async function dribble(port: number, secure: boolean): Promise<void> {
  const socket = secure ? await encrypted(port) : plain(port);
  socket.write('GET / HTTP/1.1\r\nx: ');
  while (Date.now() < end && !socket.destroyed) {
    socket.write('y');
    await sleep(50);
  }
}

const attacks = targets.flatMap((target) => {
  const secure = target.startsWith('tls:');
  const port = Number(target.replace('tls:', ''));
  for (let n = 0; n < SILENT; n += 1) plain(port);
  return [
    ...Array.from({ length: LANES }, (_, turn) => lane(port, secure, 3 * turn)),
    ...Array.from({ length: SLOW }, () => dribble(port, secure)),
  ];
});
await Promise.all(attacks);
for (const socket of sockets) socket.destroy();
process.stdout.write(`${made}\n`);
