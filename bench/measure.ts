/** How figures are taken: rates under a given concurrency, medians of repetitions. */

/** Runs `work` for the indexes 0 to `count` - 1, at most `concurrency` at a time; gives calls per second. */
export async function rate(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const begun = performance.now();
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return count / secondsSince(begun);
}

export function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}

/** @throws RangeError for an empty list */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The nearest-rank quantile. @throws RangeError for an empty list */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

/** Repeats and gives the median. */
export async function medianOf(times: number, take: () => Promise<number>): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push(await take());
  return median(taken);
}
