/** Every attack against every rule, over several seeds: medians, and what of the clean accuracy is kept. */
import { type AttackName, attacks } from './attacks.ts';
import { type AttackResult, runAttack } from './federation.ts';

export const defences: Readonly<Record<string, object>> = {
  fedavg: { kind: 'fedavg' },
  'clip 1.5, fedavg': { kind: 'fedavg', clip: { kind: 'fixed', norm: 1.5 } },
  median: { kind: 'median' },
  'clip 1.5, median': { kind: 'median', clip: { kind: 'fixed', norm: 1.5 } },
  'trimmed-mean': { kind: 'trimmed-mean', byzantine: 6 },
  'geometric-median': { kind: 'geometric-median' },
  krum: { kind: 'krum', byzantine: 6 },
  'multi-krum': { kind: 'multi-krum', byzantine: 6 },
  // Needs 4f + 3 updates, so that twenty silos withstand four at most.
  'bulyan, f = 4': { kind: 'bulyan', byzantine: 4 },
  fltrust: { kind: 'fltrust', trustedSilo: 'silo-19' },
};

export const attackNames = Object.keys(attacks);

export interface AttackRow {
  readonly defence: string;
  readonly attack: AttackName;
  /** Medians over the seeds. */
  readonly accuracy: number;
  readonly backdoor: number;
  /** Of the same rule's accuracy without hostile silos, same seed; the worst seed. */
  readonly kept: number;
}

export async function run(options: {
  readonly seeds: number;
  readonly rounds: number;
  readonly digits: number;
  /** Which rules; all where it is left out. */
  readonly rules?: readonly string[] | undefined;
  /** Which attacks, beside none; all where it is left out. */
  readonly against?: readonly string[] | undefined;
  readonly report: (row: AttackRow) => void;
}): Promise<AttackRow[]> {
  const rows: AttackRow[] = [];
  const seeds = Array.from({ length: options.seeds }, (_, i) => i + 1);
  const { rules, against } = options;
  for (const [defence, strategy] of Object.entries(defences)) {
    if (rules?.includes(defence) === false) continue;
    let clean: AttackResult[] = [];
    for (const attack of Object.keys(attacks) as AttackName[]) {
      if (attack !== 'none' && against?.includes(attack) === false) continue;
      const results: AttackResult[] = [];
      for (const seed of seeds) {
        const { rounds, digits } = options;
        const hostile = defence.startsWith('bulyan') ? 4 : 6;
        results.push(await runAttack({ attack, strategy, seed, rounds, digits, hostile }));
      }
      if (attack === 'none') clean = results;
      const kept = Math.min(...results.map(({ accuracy }, i) => accuracy / (clean[i]?.accuracy ?? 1)));
      const row = {
        defence,
        attack,
        accuracy: median(results.map(({ accuracy }) => accuracy)),
        backdoor: median(results.map(({ backdoor }) => backdoor)),
        kept,
      };
      options.report(row);
      rows.push(row);
    }
  }
  return rows;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
