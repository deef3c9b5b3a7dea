/** Does the task in a folder; the report is also written to metrics.json there. */
export function doTask(places: {
  readonly taskDirectory: string;
  readonly dataDirectory: string;
  readonly silo: string;
}): { readonly numExamples: number; readonly metrics: Readonly<Record<string, number>> };

/** 75 (try again later) when the machine is short of something for now, else 1. */
export function exitCodeOf(error: unknown): 1 | 75;
