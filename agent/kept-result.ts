/**
 * Results of training, by training key: the one place where an update lies in clear. `result.json` is written last,
 * so a result is there whole or not at all.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { experimentId, roundNumber } from '../shared/contracts/identifiers.ts';
import { reportedMetrics } from '../shared/contracts/reply.ts';
import { tensorSchema } from '../shared/contracts/tensor-schema.ts';
import { ifPresent, writeFileDurably } from './durable-file.ts';

export const keptResult = z.strictObject({
  experiment: experimentId,
  round: roundNumber,
  numExamples: z.int().min(0),
  metrics: reportedMetrics,
  /** Null where the task was an evaluation. */
  update: z
    .strictObject({
      schema: tensorSchema,
      bytes: z.int().min(1),
      /** L2 norm over the float tensors, before any clipping. */
      norm: z.number(),
    })
    .nullable(),
});
export type KeptResult = z.infer<typeof keptResult>;

export function resultDirectory(updates: string, key: string): string {
  return join(updates, key);
}
export function updateFile(updates: string, key: string): string {
  return join(updates, key, 'update.safetensors');
}

/** Makes an empty place for a result, whatever an interrupted training left there. */
export async function clearResult(updates: string, key: string): Promise<void> {
  const directory = resultDirectory(updates, key);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** Call once the update file, if any, is on disk. */
export async function keepResult(updates: string, key: string, result: KeptResult): Promise<void> {
  await writeFileDurably(join(updates, key, 'result.json'), JSON.stringify(keptResult.parse(result)));
}

export async function readResult(updates: string, key: string): Promise<KeptResult | undefined> {
  const text = await ifPresent(readFile(join(updates, key, 'result.json'), 'utf8'));
  if (text === undefined) return undefined;
  const parsed = keptResult.safeParse(JSON.parse(text));
  if (!parsed.success) return undefined;
  const wanted = parsed.data.update;
  if (wanted === null) return parsed.data;
  const file = await ifPresent(stat(updateFile(updates, key)));
  return file?.size === wanted.bytes ? parsed.data : undefined;
}

export async function dropResult(updates: string, key: string): Promise<void> {
  // The marker goes first, so that a crash half way leaves no result rather than half of one.
  await rm(join(updates, key, 'result.json'), { force: true });
  await rm(join(updates, key), { recursive: true, force: true });
}

/** Removes every result that `keep` does not want; the unreadable ones, too. */
export async function dropResults(updates: string, keep: (result: KeptResult) => boolean): Promise<void> {
  for (const key of await readdir(updates)) {
    const result = await readResult(updates, key);
    if (result === undefined || !keep(result)) await dropResult(updates, key);
  }
}
