import type { Finding, Ledger } from './ledger.ts';

/** How a service is loaded and audited by its official client. */
export interface Workload {
  /** One change of the items that belong to this worker; rejects when the service is gone. */
  step(worker: number, random: () => number): Promise<void>;
  /** What the service says about each item of the ledger; items it is asked for and knows nothing of are null. */
  look(items: readonly string[]): Promise<Map<string, string | null>>;
  /** One request that the service answers. */
  ping(): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface Target {
  readonly port: number;
  readonly adminPort?: number;
  /** The data directory, where the durable host keeps its keys. */
  readonly dataDir: string;
}

export type OpenWorkload = (target: Target, ledger: Ledger) => Promise<Workload>;

/** Looks at every item and compares; items that the ledger does not know are none of its business. */
export async function auditAll(workload: Workload, ledger: Ledger): Promise<Finding[]> {
  const items = ledger.items();
  const found = await workload.look(items);
  const findings: Finding[] = [];
  for (const item of items) {
    const finding = await ledger.audit(item, found.get(item) ?? null);
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
}

/** Any of the list; undefined for an empty one. */
export function pick<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)];
}

/** A token credential for services that take any token for a name. */
export const anyCredential = {
  getToken: async () => ({ token: 'campaign', expiresOnTimestamp: Date.now() + 3_600_000 }),
};
