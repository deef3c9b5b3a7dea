/**
 * Loads one service by its official client, life after life, and audits it at the start of each. Arguments: service,
 * ledger file, seed. Its parent sends a {@link Target} for each life and gets {@link Report}s.
 */
import { seededRandom } from '../crash/random.ts';
import { type Finding, openLedger } from './ledger.ts';
import type { ServiceName } from './options.ts';
import { auditAll, type OpenWorkload, type Target, type Workload } from './workload.ts';

/** `loading`: something was acknowledged in this life. `ended`: the service is gone, as far as this client can tell. */
export type Report =
  | { readonly kind: 'audited'; readonly findings: readonly Finding[]; readonly items: number }
  | { readonly kind: 'loading' }
  | { readonly kind: 'ended'; readonly acknowledgements: number; readonly reason: string };

/** `load: false` audits only. */
export interface Life extends Target {
  readonly load: boolean;
}

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

async function live({ load: loaded, ...target }: Life): Promise<void> {
  const workload = await open(target, ledger);
  report({ kind: 'audited', findings: await auditAll(workload, ledger), items: ledger.items().length });
  const reason = loaded ? await load(workload) : '';
  await workload.close().catch(() => undefined);
  report({ kind: 'ended', acknowledgements: ledger.acknowledgements, reason });
}

process.on('message', (life: Life) => {
  live(life).catch((error: unknown) => {
    report({ kind: 'ended', acknowledgements: ledger.acknowledgements, reason: String(error) });
  });
});
process.on('disconnect', () => process.exit(0));
