import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from '../../cli/output/tables.ts';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import type { RunResult } from './crash-run.ts';
import { silos } from './crash-stack.ts';

const header = [
  'run',
  'form',
  'seconds',
  'coordinator',
  'cloud',
  'agents',
  'attempts',
  'trainings',
  'models',
];

/** One row per run: SIGKILLs by victim, and whether every model version is what it must be. */
export function runTable(results: readonly RunResult[]): string {
  const rows = results.map((result) => {
    const killed = (name: string): string =>
      String(result.kills.filter(({ victim }) => victim.startsWith(name)).length);
    return [
      result.name,
      result.form,
      result.seconds.toFixed(1),
      killed('coordinator'),
      killed('cloud'),
      killed('agent'),
      String(result.attempts),
      String(result.trainings),
      result.faults.length === 0 ? 'as they must be' : 'FAILED',
    ];
  });
  return table(header, rows);
}

/** The last lines that each process logged, for a run that failed. */
export async function lastLines(dataDir: string, count = 12): Promise<string> {
  const directories = cloudDirectories(dataDir);
  const files = [
    join(directories.logs, 'cloud.log'),
    join(directories.logs, 'coordinator.log'),
    ...silos.map((silo) => join(directories.silos, silo, 'agent.log')),
  ];
  const parts = files.map(async (file) => {
    const text = await readFile(file, 'utf8').catch(() => '(no log)');
    return `--- ${file}\n${text.trimEnd().split('\n').slice(-count).join('\n')}\n`;
  });
  return (await Promise.all(parts)).join('');
}
