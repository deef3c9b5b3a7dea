import { readFileSync } from 'node:fs';
import { writeDurableFile } from '../core/durable-file.ts';

export type Environment = Readonly<Record<string, string>>;

/** Writes `NAME=value` lines, as systemd's EnvironmentFile reads them; only the owner may read the file. */
export async function writeEnvironment(path: string, environment: Environment): Promise<void> {
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  await writeDurableFile(path, lines.join(''));
}

export function readEnvironment(path: string): Environment {
  const entries = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes('=') && !line.startsWith('#'))
    .map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    });
  return Object.fromEntries(entries);
}
