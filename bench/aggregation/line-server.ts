/** A process that stays alive and answers JSON lines, one at a time: both sides of every comparison are such. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import * as z from 'zod';

export interface LineServer {
  ask<T>(shape: z.ZodType<T>, request: object): Promise<T>;
  /** Seconds that the request took by the server's own clock. */
  seconds(request: object): Promise<number>;
  stop(): Promise<void>;
}

const timed = z.object({ seconds: z.number() });

export function lineServer(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): LineServer {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const gone = new Promise((done) => child.once('exit', done));
  child.stdin.on('error', () => undefined);
  const ask = async <T>(shape: z.ZodType<T>, request: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${args.join(' ')} ended before it answered`);
    return shape.parse(JSON.parse(value));
  };
  return {
    ask,
    seconds: async (request) => (await ask(timed, request)).seconds,
    async stop() {
      child.stdin.end();
      await gone;
    },
  };
}

/** The other side of {@link lineServer}: answers every line of standard input until it ends. */
export async function serveLines(answer: (request: unknown) => Promise<object>): Promise<void> {
  for await (const line of createInterface(process.stdin)) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}

/** Bundles a process's entry, under node_modules, where packages outside the bundle resolve; answers the file. */
export async function bundleProcess(name: string): Promise<string> {
  const outfile = resolve(`node_modules/.cache/tributary-scripts/bench-aggregation-${name}.mjs`);
  await build({
    entryPoints: [`bench/aggregation/${name}.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}
