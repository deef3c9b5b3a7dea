/** Every attack against every rule, over several seeds: medians, and what of the clean accuracy is kept. */
import { type AttackName, attacks } from './attacks.ts';
import { type AttackResult, runAttack, type Trained } from './federation.ts';

interface Defence {
  readonly strategy: object;
  readonly hostile: number;
}

export const defences: Readonly<Record<string, Defence>> = {
  fedavg: { strategy: { kind: 'fedavg' }, hostile: 6 },
  'clip 1.5, fedavg': { strategy: { kind: 'fedavg', clip: { kind: 'fixed', norm: 1.5 } }, hostile: 6 },
  median: { strategy: { kind: 'median' }, hostile: 6 },
  'clip 1.5, median': { strategy: { kind: 'median', clip: { kind: 'fixed', norm: 1.5 } }, hostile: 6 },
  'trimmed-mean': { strategy: { kind: 'trimmed-mean', byzantine: 6 }, hostile: 6 },
  'geometric-median': { strategy: { kind: 'geometric-median' }, hostile: 6 },
  krum: { strategy: { kind: 'krum', byzantine: 6 }, hostile: 6 },
  'multi-krum': { strategy: { kind: 'multi-krum', byzantine: 6 }, hostile: 6 },
  // Needs 4f + 3 updates, so that twenty silos withstand four at most.
  'bulyan, f = 4': { strategy: { kind: 'bulyan', byzantine: 4 }, hostile: 4 },
  fltrust: { strategy: { kind: 'fltrust', trustedSilo: 'silo-19' }, hostile: 6 },
};

export const attackNames = Object.keys(attacks) as AttackName[];

export interface Task {
  readonly rounds: number;
  readonly digits: number;
  readonly alpha?: number | undefined;
}

/** One rule and one seed: what one thread does at a time. */
export interface Job extends Task {
  readonly defence: string;
  readonly seed: number;
  readonly attacks: readonly AttackName[];
}

export type JobResult = Readonly<Partial<Record<AttackName, AttackResult>>>;

export async function runJob({ defence, attacks: names, ...job }: Job): Promise<JobResult> {
  const { strategy, hostile } = defences[defence] ?? { strategy: {}, hostile: 0 };
  const trained: Trained = new Map();
  const results: Partial<Record<AttackName, AttackResult>> = {};
  for (const attack of names) {
    results[attack] = await runAttack({ ...job, attack, strategy, hostile }, trained);
  }
  return results;
}

export interface AttackRow {
  readonly attack: AttackName;
  /** Medians over the seeds. */
  readonly accuracy: number;
  readonly backdoor: number;
  /** Of the same rule's accuracy without hostile silos, same seed. */
  readonly kept: number;
  readonly keptAtWorst: number;
}

/** Of one rule, with a result for every seed. */
export function rowsOf(names: readonly AttackName[], seeds: readonly JobResult[]): AttackRow[] {
  return names.map((attack) => {
    const figures = seeds.map((results) => ({
      accuracy: results[attack]?.accuracy ?? Number.NaN,
      backdoor: results[attack]?.backdoor ?? Number.NaN,
      kept: (results[attack]?.accuracy ?? Number.NaN) / (results.none?.accuracy ?? Number.NaN),
    }));
    const kept = figures.map((figure) => figure.kept);
    return {
      attack,
      accuracy: median(figures.map(({ accuracy }) => accuracy)),
      backdoor: median(figures.map(({ backdoor }) => backdoor)),
      kept: median(kept),
      keptAtWorst: Math.min(...kept),
    };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
