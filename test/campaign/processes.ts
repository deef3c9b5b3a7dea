/** The processes of a campaign: one service that is killed, one client that is not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Order, Report } from './client-process.ts';
import type { ServiceName } from './options.ts';
import type { ServiceArguments } from './service-process.ts';

/** Where the bundled entries of this folder are. */
const bundle = (name: string): string => join(import.meta.dirname, `${name}.mjs`);
const ready = z.object({
  port: z.number(),
  adminPort: z.number().optional(),
  websocketPort: z.number().optional(),
});

export interface RunningService {
  readonly port: number;
  /** The registry's admin port, where the service is the identity service. */
  readonly admin: { readonly adminPort?: number };
  readonly otherPorts: readonly number[];
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface ServiceOptions extends Omit<ServiceArguments, 'service'> {
  readonly service: ServiceName;
}

export async function startService(options: ServiceOptions): Promise<RunningService> {
  const child =
    options.service === 'durable'
      ? spawn(process.execPath, [bundle('host-process'), ...hostArguments(options)], {
          // Its log says at each start what it serves; what goes wrong shows in the audits.
          stdio: ['ignore', 'pipe', 'ignore'],
          env: { ...process.env, PLANT: options.plant === true ? '1' : '0' },
        })
      : spawn(process.execPath, [bundle('service-process'), JSON.stringify(options)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  const gone = whenGone(child);
  const lines = createInterface(child.stdout);
  const line = await Promise.race([
    new Promise<string>((resolve) => lines.once('line', resolve)),
    gone.then(() => {
      throw new Error(`the service ${options.service} ended before it served`);
    }),
  ]);
  const { port, adminPort, websocketPort } = ready.parse(JSON.parse(line));
  return {
    port,
    admin: adminPort === undefined ? {} : { adminPort },
    otherPorts: [adminPort, websocketPort].filter((other) => other !== undefined),
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function hostArguments({ dataDir, port }: ServiceOptions): string[] {
  return ['--app', join(import.meta.dirname, 'app'), '--data', dataDir, '--port', String(port)];
}

export interface CampaignClient {
  live(order: Order): void;
  next(): Promise<Report>;
  /** The next report, if it is there already. */
  early(): Report | undefined;
  stop(): Promise<void>;
}

export function startClient(
  service: ServiceName,
  ledgerFile: string,
  seed: number,
  caFile: string,
): CampaignClient {
  const child = spawn(process.execPath, [bundle('client-process'), service, ledgerFile, String(seed)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
  });
  const gone = whenGone(child);
  const waiting: Report[] = [];
  let wake = (): void => undefined;
  child.on('message', (report: Report) => {
    waiting.push(report);
    wake();
  });
  return {
    live: (order) => void child.send(order),
    early: () => waiting[0],
    async next() {
      for (;;) {
        const report = waiting.shift();
        if (report !== undefined) return report;
        const arrived = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([
          arrived,
          gone.then(() => {
            throw new Error(`the client of ${service} ended by itself`);
          }),
        ]);
      }
    },
    async stop() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** The next report, which has to be of this kind: a load that ends by itself is a failure of the service. */
export async function expected<K extends Report['kind']>(
  client: CampaignClient,
  kind: K,
): Promise<Extract<Report, { kind: K }>> {
  const report = await client.next();
  if (report.kind === kind) return report as Extract<Report, { kind: K }>;
  throw new Error(`instead of '${kind}' the client reported ${JSON.stringify(report)}`);
}

/** Attacks the ports for a while; resolves with the number of hostile connections. */
export async function startGarbage(milliseconds: number, targets: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [bundle('garbage-process'), String(milliseconds), ...targets], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
  await whenGone(child);
  return Number(await line);
}

function whenGone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
