/** Coverage-guided fuzzing: inputs that reach new code join the corpus that mutation draws from. */
import { seeded } from '../sealing/seeded.ts';
import { startCoverage } from './coverage.ts';
import { mutated } from './mutate.ts';
import { targets, tryInput } from './targets.ts';

export interface Finding {
  readonly target: string;
  readonly input: Buffer;
  readonly error: string;
}

export interface FuzzReport {
  readonly target: string;
  readonly inputs: number;
  readonly corpus: number;
  readonly blocks: number;
  /** How many inputs got which answer. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/** Inputs of one look at the counters, which costs milliseconds. */
const BATCH = 64;

export const targetNames = Object.keys(targets);

/**
 * @param options.script part of the url of the script that holds the targets
 * @param options.until epoch milliseconds
 */
export async function fuzz(options: {
  readonly target: string;
  readonly seed: number;
  readonly until: number;
  readonly script: string;
  readonly now: () => number;
  readonly report: (line: string) => void;
}): Promise<FuzzReport> {
  const target = targets[options.target];
  if (target === undefined) throw new Error(`there is no target ${options.target}`);
  const random = seeded(options.seed);
  const corpus = [...target.seeds];
  const verdicts: Record<string, number> = {};
  const findings = new Map<string, Finding>();
  const coverage = await startCoverage(options.script);
  let inputs = 0;
  let lastReport = options.now();

  const run = (input: Buffer): void => {
    inputs += 1;
    try {
      const verdict = tryInput(target, input);
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const where = text.split('\n').slice(0, 2).join(' ');
      if (!findings.has(where)) findings.set(where, { target: options.target, input, error: text });
    }
  };

  await coverage.during(() => corpus.forEach(run));
  while (options.now() < options.until) {
    const batch = Array.from({ length: BATCH }, () => mutated(corpus, target.words, random));
    if ((await coverage.during(() => batch.forEach(run))) > 0) {
      // Something in this batch is new: the inputs that reach most, one by one, until nothing is left of it.
      const fresh = await startCoverage(options.script);
      await fresh.during(() => corpus.forEach(run));
      for (const input of batch) if ((await fresh.during(() => run(input))) > 0) corpus.push(input);
      await fresh.stop();
    }
    if (options.now() - lastReport > 5_000) {
      lastReport = options.now();
      options.report(
        `${options.target}: ${inputs} inputs, ${corpus.length} in the corpus, ${coverage.blocks} blocks`,
      );
    }
  }
  await coverage.stop();
  return {
    target: options.target,
    inputs,
    corpus: corpus.length,
    blocks: coverage.blocks,
    verdicts,
    findings: [...findings.values()],
  };
}
