/** Which blocks of this program have run, by V8's own counters. */
import { Session } from 'node:inspector/promises';

export interface Coverage {
  /** Runs `work` and answers how many blocks ran that never ran before. */
  during(work: () => void): Promise<number>;
  readonly blocks: number;
  stop(): Promise<void>;
}

/** Counts the scripts whose url contains `part`. */
export async function startCoverage(part: string): Promise<Coverage> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const seen = new Set<string>();

  async function take(): Promise<number> {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const before = seen.size;
    for (const script of result) {
      if (!script.url.includes(part)) continue;
      for (const { ranges } of script.functions) {
        for (const { count, startOffset, endOffset } of ranges) {
          if (count > 0) seen.add(`${script.scriptId} ${startOffset} ${endOffset}`);
        }
      }
    }
    return seen.size - before;
  }

  return {
    async during(work) {
      // Counters of what ran in between belong to nobody.
      await session.post('Profiler.takePreciseCoverage');
      work();
      return take();
    },
    get blocks() {
      return seen.size;
    },
    async stop() {
      await session.post('Profiler.stopPreciseCoverage');
      session.disconnect();
    },
  };
}
