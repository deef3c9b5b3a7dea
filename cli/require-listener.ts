import { connect } from 'node:net';
import { unreachable } from './api-errors.ts';

const limitMs = 10_000;

/** Resolves when somebody listens where the URL points; throws `unreachable` otherwise. */
export function requireListener(url: string): Promise<void> {
  const { hostname, port, protocol, origin } = new URL(url);
  const chosen = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: chosen, timeout: limitMs });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error(`no connection within ${limitMs / 1_000} s`)));
    socket.once('error', (error) => reject(unreachable(origin, error)));
  });
}
