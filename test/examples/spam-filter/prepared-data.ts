import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import type { SplitReport } from '../../../examples/spam-filter/prepare.mjs';

export interface PreparedData {
  readonly data: string;
  readonly split: SplitReport;
}

/** The example's data, dealt once for a test file; call it at the top, read it inside tests. */
export function preparedData(seed = 1): () => PreparedData {
  const data = mkdtempSync(join(tmpdir(), 'tributary-spam-'));
  let split: SplitReport | undefined;
  beforeAll(async () => {
    split = await prepareInto(data, seed);
  });
  afterAll(() => rmSync(data, { recursive: true, force: true }));
  return () => {
    if (split === undefined) throw new Error('the data are not prepared yet');
    return { data, split };
  };
}

/** Runs prepare.mjs as people do: inside the test runner its inner loops would be many times slower. */
export async function prepareInto(data: string, seed: number): Promise<SplitReport> {
  const { code, stderr } = await runScript('prepare.mjs', ['--out', data, '--seed', String(seed)]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(readFileSync(join(data, 'split.json'), 'utf8')) as SplitReport;
}

export interface ScriptRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of the example as a process of its own, with nothing of this process's environment but `env`. */
export async function runScript(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ScriptRun> {
  const script = fileURLToPath(new URL(`../../../examples/spam-filter/${name}`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}
