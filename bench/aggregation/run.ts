/** The aggregation engine: against its peers where Python has them, and against what the machine itself allows. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from '../row.ts';
import { throughBlobs } from './blobs.ts';
import { run as folds } from './folds.ts';
import { machineFacts } from './machine.ts';
import { ranking } from './ranking.ts';
import { sameBytes } from './same-bytes.ts';
import { growth, memory, sealedFiles } from './sealed.ts';

export interface SuiteOptions {
  readonly quick: boolean;
  /** With a model of 5 GB among those that memory is measured with. */
  readonly full: boolean;
  /** Only parts whose name is here; empty for all. */
  readonly only: readonly string[];
  /** Python with the peers installed. */
  readonly python?: string;
  /** Another Node, to compare models with. */
  readonly otherNode?: string;
  readonly report: (line: string) => void;
}

export async function run(options: SuiteOptions): Promise<BenchRow[]> {
  const { quick, full, python, report } = options;
  report(await machineFacts(python));
  const directory = await mkdtemp(join(tmpdir(), 'tributary-bench-aggregation-'));
  const given = { quick, full, directory, python, report };
  const parts: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
    folds: () => folds(given),
    ranking: async () => ranking(options),
    sealed: () => sealedFiles(given),
    blobs: () => throughBlobs(given),
    memory: () => memory(given),
    growth: () => growth(given),
    'same-bytes': () => sameBytes(options),
  };
  const rows: BenchRow[] = [];
  try {
    for (const [name, measure] of Object.entries(parts)) {
      if (options.only.length > 0 && !options.only.includes(name)) continue;
      report(`measuring ${name}`);
      rows.push(...(await measure()));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return rows;
}
