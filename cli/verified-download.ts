import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { resumedDownload } from './resumed-download.ts';

/**
 * Writes `source` to `path` and checks its SHA-256: the path holds the whole right file or is left as it was.
 * Throws {@link CliError} `digest-mismatch`, exit code 1.
 */
export async function saveVerified(
  source: AsyncIterable<Uint8Array>,
  path: string,
  sha256: string,
): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    const digest = createHash('sha256');
    const file = await open(partial, 'w');
    try {
      for await (const chunk of source) {
        digest.update(chunk);
        await file.appendFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    const found = digest.digest('hex');
    if (found !== sha256) {
      throw new CliError({
        slug: 'digest-mismatch',
        detail: `What arrived has SHA-256 ${found}, and ${sha256} was published. Nothing was kept.`,
        exitCode: exitCodes.failed,
      });
    }
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Lower-case hex. Throws {@link CliError} where the file cannot be read. */
export async function sha256OfFile(path: string): Promise<string> {
  const digest = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  } catch {
    throw new CliError({
      slug: 'file-unreadable',
      detail: `${path} cannot be read.`,
      exitCode: exitCodes.usage,
    });
  }
  return digest.digest('hex');
}

/** The bytes of an answer, followed to where the API points. `caFile` is trusted besides the usual ones. */
export async function contentOf(
  response: Response,
  caFile: string | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const location = response.headers.get('location');
  if (response.status !== 307 || location === null) {
    return response.body === null ? Readable.from([]) : Readable.fromWeb(response.body);
  }
  return resumedDownload(location, caFile === undefined ? {} : { ca: await readFile(caFile) });
}
