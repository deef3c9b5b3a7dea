import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import type { ApiClient } from '../api-client.ts';

export interface RoundTime {
  readonly round: number;
  /** From this round's opening to the next one's, seconds. */
  readonly wall: number;
  /** The slowest silo's own training, seconds. */
  readonly training: number;
  /** What is left: sending, downloading, sealing, admission, aggregation, publication. */
  readonly overhead: number;
}

/** Where each round's time went: opened by the orchestration's clock, trained by the agents' own logs. */
export async function roundTimes(
  client: ApiClient,
  options: { experiment: string; rounds: number; silos: readonly string[]; dataDir: string },
): Promise<RoundTime[]> {
  const { experiment, rounds, silos, dataDir } = options;
  const opened: number[] = [];
  for (let round = 1; round <= rounds + 1; round++) {
    opened.push(Date.parse((await client.showRound(experiment, round)).openedAt));
  }
  const trained = new Map<number, number>();
  for (const silo of silos) {
    for (const { round, seconds } of trainings(
      join(cloudDirectories(dataDir).silos, silo, 'agent.log'),
      experiment,
    )) {
      trained.set(round, Math.max(trained.get(round) ?? 0, seconds));
    }
  }
  return opened.slice(0, rounds).map((from, index) => {
    const round = index + 1;
    const wall = ((opened[round] ?? from) - from) / 1_000;
    const training = trained.get(round) ?? 0;
    return { round, wall, training, overhead: Math.max(0, wall - training) };
  });
}

function trainings(logFile: string, experiment: string): { round: number; seconds: number }[] {
  const found: { round: number; seconds: number }[] = [];
  for (const line of readFileSync(logFile, 'utf8').split('\n')) {
    if (!line.includes('training-done')) continue;
    const participation = new RegExp(`${experiment}\\.(\\d+)\\.`).exec(line)?.[1];
    const seconds = /seconds"?[=:]\s*([\d.]+)/.exec(line)?.[1];
    if (participation !== undefined && seconds !== undefined) {
      found.push({ round: Number(participation), seconds: Number(seconds) });
    }
  }
  return found;
}

/** The middle value; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
