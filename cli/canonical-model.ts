import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { plaintextLength } from '../shared/tensors/safetensors.ts';
import { readSafetensorsFile, type SafetensorsFile } from '../shared/tensors/safetensors-file.ts';
import { rewriteCanonical } from '../shared/tensors/write-update.ts';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** What the API takes in one request. */
const uploadBytes = 100 * 2 ** 20;

/** Opens a safetensors file by any writer; throws {@link CliError} with exit code 2. */
export async function openModelFile(path: string): Promise<SafetensorsFile> {
  const readable = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!readable) throw badFile('file-unreadable', `${path} is not a file that can be read.`);
  const opened = await readSafetensorsFile(path);
  if (!opened.ok) throw badFile(opened.slug, `${path} is not a safetensors file: ${opened.detail}`);
  return opened;
}

/** The same tensors in canonical form, as published models have, and the digest to name them by. */
export async function canonicalModel(path: string): Promise<{ content: Buffer; sha256: string }> {
  const source = await openModelFile(path);
  try {
    const { schema } = source;
    const bytes = plaintextLength(schema);
    if (bytes > uploadBytes) {
      throw badFile(
        'body-too-large',
        `${path} has ${bytes} bytes of tensors; at most ${uploadBytes} go up. A silo can hand over a larger one: initialModel init.`,
      );
    }
    const chunks: Uint8Array[] = [];
    const written = await rewriteCanonical({
      source,
      schema,
      write: async (chunk) => void chunks.push(chunk),
    });
    if (!written.ok) throw badFile(written.slug, written.detail);
    const content = Buffer.concat(chunks);
    return { content, sha256: createHash('sha256').update(content).digest('hex') };
  } finally {
    await source.close();
  }
}

function badFile(slug: string, detail: string): CliError {
  return new CliError({ slug, detail, exitCode: exitCodes.usage });
}
