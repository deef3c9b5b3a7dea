/** Does the task in a folder; the report is also written to metrics.json there. */
export function doTask(places: {
  readonly taskDirectory: string;
  readonly dataDirectory: string;
  readonly silo: string;
}): { readonly numExamples: number; readonly metrics: Readonly<Record<string, number>> };

/** 75 (try again later) when the machine is short of something for now, else 1. */
export function exitCodeOf(error: unknown): 1 | 75;

/** Seed of the order in which a silo goes through its mails in a round. */
export function trainingSeed(seed: number, round: number, silo: string): string;
