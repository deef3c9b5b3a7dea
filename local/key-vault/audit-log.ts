import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';

const auditLineShape = z.object({
  /** ISO 8601. */
  time: z.string(),
  operation: z.string(),
  /** `name/version`, `name` where no version takes part, or empty. */
  key: z.string(),
  /** Object id; empty for a token that was not accepted. */
  caller: z.string(),
  /** `ok` or the error's code. */
  result: z.string(),
});
export type AuditLine = z.infer<typeof auditLineShape>;

export interface AuditLog {
  /** Resolves when the line is in the file; it then outlives the process, though not a power cut. */
  write(line: AuditLine): Promise<void>;
  lines(): Promise<AuditLine[]>;
  close(): Promise<void>;
}

/** An append-only file of JSON lines: who did what with which key. It never holds what was wrapped, signed or made. */
export async function openAuditLog(path: string): Promise<AuditLog> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  if (size > 0) {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    // A line torn by a crash stays as it is, and must not swallow the next one.
    if (buffer.toString() !== '\n') await file.write('\n');
  }
  return {
    async write(line) {
      await file.write(`${JSON.stringify(line)}\n`);
    },
    async lines() {
      const text = await readFile(path, 'utf8');
      return text.split('\n').flatMap((line) => {
        const parsed = auditLineShape.safeParse(parseJson(line));
        return parsed.success ? [parsed.data] : [];
      });
    },
    close: () => file.close(),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
