/**
 * From a trainer's file to the update that is kept: the canonical form of `trained - base` (of the model itself
 * where the task makes the first one). The trainer is not trusted to have written what it should.
 */
import { stat } from 'node:fs/promises';
import { type Refusal, refuse } from '../shared/contracts/refusals.ts';
import type { TensorSchema } from '../shared/contracts/tensor-schema.ts';
import { checkTensors, type TensorReport } from '../shared/tensors/check-tensors.ts';
import { canonicalHeader, plaintextLength, schemaDigest } from '../shared/tensors/safetensors.ts';
import { readSafetensorsFile, type SafetensorsFile } from '../shared/tensors/safetensors-file.ts';
import { rewriteCanonical, writeDelta } from '../shared/tensors/write-update.ts';
import { ifPresent, produceFile } from './durable-file.ts';

export interface CanonicalUpdate {
  readonly ok: true;
  readonly schema: TensorSchema;
  readonly bytes: number;
  readonly norm: number;
}
type BadOutput = Refusal<'trainer-output'>;

/**
 * Writes the canonical update to `target`, durably. `base` is the path of the model that was trained, undefined for
 * a first model. Refuses when tensors are missing, misshapen, not finite or too large in all.
 */
export async function writeCanonicalUpdate(options: {
  trained: string;
  base: string | undefined;
  params: 'FULL' | 'DIFF';
  /** How many bytes will travel, where not those of the file. */
  sentBytes?: number | undefined;
  maxBytes: number;
  target: string;
}): Promise<CanonicalUpdate | BadOutput> {
  const { trained, base, params, sentBytes, maxBytes, target } = options;
  const size = (await ifPresent(stat(trained)))?.size;
  if (size === undefined)
    return refuse('trainer-output', 'The training command wrote no update.safetensors.');
  const output = await readSafetensorsFile(trained);
  if (!output.ok) return refuse('trainer-output', `update.safetensors is malformed: ${output.detail}`);
  try {
    if (base === undefined) return await write({ output, base: undefined, sentBytes, maxBytes, target });
    const model = await readSafetensorsFile(base);
    if (!model.ok) throw new Error(`the global model is malformed: ${model.detail}`);
    try {
      return await write({
        output,
        base: { model, subtract: params === 'FULL' },
        sentBytes,
        maxBytes,
        target,
      });
    } finally {
      await model.close();
    }
  } finally {
    await output.close();
  }
}

async function write(options: {
  output: SafetensorsFile;
  base: { model: SafetensorsFile; subtract: boolean } | undefined;
  sentBytes: number | undefined;
  maxBytes: number;
  target: string;
}): Promise<CanonicalUpdate | BadOutput> {
  const { output, base, sentBytes, maxBytes, target } = options;
  const schema = base === undefined ? output.schema : base.model.schema;
  const bytes = plaintextLength(schema);
  const travelling = sentBytes ?? bytes;
  if (travelling > maxBytes) {
    return refuse('trainer-output', `The update has ${travelling} bytes; the experiment allows ${maxBytes}.`);
  }
  const check = checkTensors(schema);
  const headerBytes = canonicalHeader(schema).length;
  const written = await produceFile(target, async (append) => {
    let at = 0;
    const checked = async (chunk: Uint8Array): Promise<void> => {
      // The header comes first, and whole.
      if (at >= headerBytes) check.add(chunk);
      at += chunk.length;
      await append(chunk);
    };
    return base?.subtract === true
      ? writeDelta({ base: base.model, trained: output, schema, write: checked })
      : rewriteCanonical({ source: output, schema, write: checked });
  });
  if (!written.ok) return refuse('trainer-output', `update.safetensors does not fit: ${written.detail}`);
  const report: TensorReport = check.report();
  if (report.notFinite !== undefined) {
    const name = JSON.stringify(report.notFinite);
    return refuse('trainer-output', `Tensor ${name} of the update holds a NaN or an infinity.`);
  }
  if (!Number.isFinite(report.norm)) return refuse('trainer-output', 'The norm of the update is infinite.');
  return { ok: true, schema, bytes, norm: report.norm };
}

/** Digest of a model file's ordered names, dtypes and shapes; undefined where it is no safetensors file. */
export async function schemaOfFile(path: string): Promise<string | undefined> {
  const file = await readSafetensorsFile(path);
  if (!file.ok) return undefined;
  await file.close();
  return schemaDigest(file.schema);
}
