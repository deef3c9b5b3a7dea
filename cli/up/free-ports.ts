import { createServer } from 'node:net';
import { portSpan, portsFrom } from '../../local/cloud/ports.ts';

/** Which of the ports that a cloud needs from `base` are taken by somebody else right now. */
export async function takenPorts(base: number): Promise<number[]> {
  const ports = portsFrom(base);
  const needed = [
    ports.identity,
    ports.functions,
    ports.blob,
    ports.cosmos,
    ports.serviceBus,
    ports.serviceBusWebSocket,
    ports.control,
    ports.coordinatorVault,
    ports.siloVault(0),
    ports.siloVault(1),
    ports.siloVault(2),
  ];
  const free = await Promise.all(needed.map(isFree));
  return needed.filter((_, index) => free[index] === false);
}

/**
 * A base whose first ports are free, for tests and trials that must not meet a running cloud. All lie below the ranges
 * from which systems take ports for outgoing connections (Linux from 32,768): such a one would be in the way later.
 */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const base = 11_000 + Math.floor(Math.random() * 360) * portSpan;
    if ((await takenPorts(base)).length === 0) return base;
  }
  throw new Error('no free range of ports was found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
