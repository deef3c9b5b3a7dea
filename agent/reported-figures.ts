import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { type Refusal, refuse } from '../shared/contracts/refusals.ts';
import { MAX_EXAMPLES, reportedMetrics } from '../shared/contracts/reply.ts';
import { ifPresent } from './durable-file.ts';

const MAX_BYTES = 2 ** 20;

/** metrics.json as training code writes it. What else it says (`privacy`, names of its own) is its own affair. */
const metricsFile = z.object({
  numExamples: z.int().min(1).max(MAX_EXAMPLES),
  metrics: reportedMetrics.default({}),
  /** Whether update.safetensors holds the trained weights or their difference from the model. */
  params: z.enum(['FULL', 'DIFF']).default('FULL'),
});
export type ReportedFigures = z.infer<typeof metricsFile> & { readonly ok: true };

/** Reads metrics.json; a task that makes the first model may leave it out. */
export async function readFigures(
  path: string,
  optional: boolean,
): Promise<ReportedFigures | Refusal<'trainer-output'>> {
  const size = (await ifPresent(stat(path)))?.size;
  if (size === undefined) {
    if (optional) return { ok: true, numExamples: 1, metrics: {}, params: 'FULL' };
    return refuse('trainer-output', 'The training command wrote no metrics.json.');
  }
  if (size > MAX_BYTES) return refuse('trainer-output', 'metrics.json is larger than 1 MiB.');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return refuse('trainer-output', 'metrics.json is not JSON (NaN and Infinity have no JSON form).');
  }
  const parsed = metricsFile.safeParse(value);
  if (parsed.success) return { ok: true, ...parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : ` ${issue.path.join('.') || '(top level)'}: ${issue.message}.`;
  return refuse('trainer-output', `metrics.json is not as agreed:${where}`.slice(0, 500));
}
