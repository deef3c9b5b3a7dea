import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';

const run = promisify(execFile);

const scores = z.object({ auc: z.number().optional(), accuracy: z.number() });
const baselineRows = z.array(z.object({ name: z.string(), mails: z.number(), scores }));
export type Baseline = z.infer<typeof baselineRows>[number];

/** The spam filter example as the demo uses it: its scripts run as programs of their own, like any training code. */
export function spamFilter(root: string) {
  const script = (name: string): string => join(root, 'examples', 'spam-filter', `${name}.mjs`);
  const call = async (name: string, args: string[]): Promise<string> =>
    (await run(process.execPath, [script(name), ...args], { maxBuffer: 16 * 2 ** 20 })).stdout;
  return {
    trainer: script('train'),
    spec: (): Record<string, unknown> =>
      JSON.parse(readFileSync(join(root, 'examples', 'spam-filter', 'experiment.json'), 'utf8')) as Record<
        string,
        unknown
      >,
    /** Deals the mails to the silos, once per seed. */
    async prepare(out: string, seed: number): Promise<void> {
      if (!existsSync(join(out, 'split.json'))) await call('prepare', ['--out', out, '--seed', String(seed)]);
    },
    async baselines(data: string): Promise<Baseline[]> {
      return baselineRows.parse(JSON.parse(await call('baselines', ['--data', data, '--json'])));
    },
    async evaluate(data: string, model: string): Promise<z.infer<typeof scores>> {
      return scores.parse(JSON.parse(await call('evaluate', ['--data', data, '--model', model, '--json'])));
    },
  };
}
