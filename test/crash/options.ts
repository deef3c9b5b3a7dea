import { parseArgs } from 'node:util';

export interface CrashOptions {
  /** Runs whose final model must equal the undisturbed run's. */
  readonly runs: number;
  /** SIGKILLs over these runs. */
  readonly kills: number;
  /** Runs with a partial quorum, whose models are computed again from their frozen sets. */
  readonly partialRuns: number;
  readonly partialKills: number;
  readonly rounds: number;
  readonly seed: number;
  readonly json: boolean;
}

/** @throws where an argument is unknown or not a whole number. */
export function readOptions(args: readonly string[]): CrashOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string' },
      kills: { type: 'string' },
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { quick, json } = values;
  const runs = whole('runs', values.runs, quick ? 2 : 10);
  const partialRuns = quick ? 1 : Math.ceil(runs / 5);
  return {
    runs,
    kills: whole('kills', values.kills, quick ? 6 : 4 * runs),
    partialRuns,
    partialKills: (quick ? 3 : 4) * partialRuns,
    rounds: quick ? 2 : 4,
    seed: whole('seed', values.seed, 1),
    json,
  };
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is a whole number, not ${text}`);
  return Number(text);
}
