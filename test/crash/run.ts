/**
 * `npm run crash-test`: whole experiments while processes are killed with SIGKILL at random moments.
 *
 * 1. Quorum = cohort: every model version must have the digest that an undisturbed run gives it.
 * 2. Partial quorum: every model version must be what its frozen set makes, computed again by another process.
 * 3. In both, the ledger's invariants hold and nobody trains what was trained already.
 *
 * A run that fails leaves its data directory behind; the runs after it get a new deployment.
 */
import { crashRun, type Form, type RunOptions, type RunResult } from './crash-run.ts';
import { type CrashStack, startCrashStack } from './crash-stack.ts';
import { readOptions } from './options.ts';
import { seededRandom } from './random.ts';
import { lastLines, runTable } from './report.ts';

const options = readOptions(process.argv.slice(2));
const random = seededRandom(options.seed);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const results: RunResult[] = [];
let stack: CrashStack | undefined;
let killed = 0;

async function run(asked: Omit<RunOptions, 'random' | 'rounds'>): Promise<RunResult> {
  stack ??= await startCrashStack();
  const result = await crashRun(stack, { ...asked, random, rounds: options.rounds });
  results.push(result);
  killed += result.kills.length;
  const verdict = result.faults.length === 0 ? 'passed' : `FAILED: ${result.faults.join('; ')}`;
  say(`${result.name}: ${result.kills.length} kills in ${result.seconds.toFixed(1)} s, ${verdict}`);
  if (result.faults.length > 0) {
    say(`experiment ${result.experiment}; kills ${JSON.stringify(result.kills)}`);
    say(await lastLines(stack.dataDir));
    say(`data directory kept: ${stack.dataDir}`);
    await stack.stop({ keepData: true });
    stack = undefined;
  }
  return result;
}

/** What a run takes here when nothing is in its way: kills must come before its end. */
function shortestMs(): number {
  return 1_000 * Math.min(...results.map(({ seconds }) => seconds));
}

/** Kills that a run ended too soon for are left to the runs after it. */
async function runAll(form: Form, runs: number, kills: number, undisturbed: RunResult): Promise<void> {
  const before = killed;
  for (let number = 1; number <= runs; number++) {
    const share = Math.ceil((kills - (killed - before)) / (runs - number + 1));
    await run({
      name: `${form === 'whole cohort' ? 'whole' : 'partial'}-${number}`,
      form,
      kills: share,
      meanGapMs: Math.max(200, (shortestMs() * 0.8) / Math.max(1, share)),
      ...(form === 'whole cohort' ? { reference: undisturbed.digests } : {}),
    });
  }
}

try {
  const undisturbed = await run({ name: 'undisturbed', form: 'whole cohort', kills: 0, meanGapMs: 0 });
  if (undisturbed.faults.length === 0) {
    await runAll('whole cohort', options.runs, options.kills, undisturbed);
    await runAll('partial quorum', options.partialRuns, options.partialKills, undisturbed);
  }
} finally {
  await stack?.stop({ keepData: false });
}
const failed = results.filter(({ faults }) => faults.length > 0).length;
const summary = { seed: options.seed, kills: killed, passed: results.length - failed, failed };
if (options.json) process.stdout.write(`${JSON.stringify({ ...summary, runs: results }, null, 2)}\n`);
else
  process.stdout.write(
    `${runTable(results)}\nseed ${options.seed}, ${killed} SIGKILLs\n${summary.passed} passed, ${failed} failed\n`,
  );
process.exit(failed === 0 ? 0 : 1);
