/**
 * Loads one service by its official client, life after life, and audits it at the start of each. Arguments: service,
 * ledger file, seed. Its parent sends {@link Order}s and gets {@link Report}s.
 */
import { seededRandom } from '../crash/random.ts';
import { type Finding, openLedger } from './ledger.ts';
import type { ServiceName } from './options.ts';
import { auditAll, type OpenWorkload, type Target, type Workload } from './workload.ts';

/** `loading`: something was acknowledged in this life. `ended`: the service is gone, as far as this client can tell. */
export type Report =
  | { readonly kind: 'audited'; readonly findings: readonly Finding[]; readonly items: number }
  | { readonly kind: 'loading' }
  | { readonly kind: 'measured'; readonly answers: number; readonly median: number; readonly worst: number }
  | { readonly kind: 'ended'; readonly acknowledgements: number; readonly reason: string };

/** Audit only; audit and load until the service is gone; or ask for a while and say how long each answer took. */
export type Order = Target &
  ({ readonly kind: 'audit' | 'load' } | { readonly kind: 'measure'; readonly milliseconds: number });

const WORKERS = 6;
const [service = '', ledgerFile = '', seed = '1'] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const ledger = await openLedger(ledgerFile);

const workloads: Record<ServiceName, () => Promise<OpenWorkload>> = {
  identity: async () => (await import('./workloads/identity.ts')).openIdentity,
  'key-vault': async () => (await import('./workloads/key-vault.ts')).openKeyVault,
  blob: async () => (await import('./workloads/blob.ts')).openBlob,
  cosmos: async () => (await import('./workloads/cosmos.ts')).openCosmos,
  'service-bus': async () => (await import('./workloads/service-bus.ts')).openServiceBus,
  durable: async () => (await import('./workloads/durable.ts')).openDurable,
};
const open = await workloads[service as ServiceName]();

function report(what: Report): void {
  process.send?.(what);
}

async function load(workload: Workload): Promise<string> {
  const before = ledger.acknowledgements;
  let reason: string | undefined;
  let said = false;
  async function work(worker: number): Promise<void> {
    while (reason === undefined) {
      try {
        await workload.step(worker, random);
      } catch (error) {
        reason ??= error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      }
      if (!said && ledger.acknowledgements > before) {
        said = true;
        report({ kind: 'loading' });
      }
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  return reason ?? '';
}

/** One request after the other. The first few open connections and are not counted. */
async function measure(workload: Workload, milliseconds: number): Promise<Report> {
  const taken: number[] = [];
  for (let warm = 0; warm < 4; warm += 1) await workload.ping();
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    const began = performance.now();
    await workload.ping();
    taken.push(performance.now() - began);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Infinity;
  return { kind: 'measured', answers: taken.length, median, worst: sorted.at(-1) ?? Infinity };
}

async function live(order: Order): Promise<void> {
  const workload = await open(order, ledger);
  if (order.kind === 'measure') {
    report(await measure(workload, order.milliseconds));
    await workload.close().catch(() => undefined);
    return;
  }
  report({ kind: 'audited', findings: await auditAll(workload, ledger), items: ledger.items().length });
  const reason = order.kind === 'load' ? await load(workload) : '';
  await workload.close().catch(() => undefined);
  report({ kind: 'ended', acknowledgements: ledger.acknowledgements, reason });
}

process.on('message', (order: Order) => {
  live(order).catch((error: unknown) => {
    report({ kind: 'ended', acknowledgements: ledger.acknowledgements, reason: String(error) });
  });
});
process.on('disconnect', () => process.exit(0));
