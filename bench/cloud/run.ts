/** The embedded cloud's figures, service by service, one after the other. */
import type { BenchRow } from '../row.ts';
import { run as blob } from './blob.ts';
import { run as cosmos } from './cosmos.ts';
import { run as durable } from './durable.ts';
import { run as keyVault } from './key-vault.ts';
import { run as serviceBus } from './service-bus.ts';
import { run as wholeCloud } from './whole-cloud.ts';

export interface SuiteOptions {
  readonly quick: boolean;
  /** Only parts whose name is here; empty for all. */
  readonly only: readonly string[];
  /** Folder of the Azurite to compare with. */
  readonly azurite?: string;
  readonly report: (line: string) => void;
}

export async function run(options: SuiteOptions): Promise<BenchRow[]> {
  const parts: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
    'whole-cloud': wholeCloud,
    'key-vault': () => keyVault(options),
    cosmos: () => cosmos(options),
    blob: () => blob(options),
    'service-bus': serviceBus,
    durable,
  };
  const rows: BenchRow[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    if (options.only.length > 0 && !options.only.includes(name)) continue;
    options.report(`measuring ${name}`);
    rows.push(...(await measure()));
  }
  return rows;
}
