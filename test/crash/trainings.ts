/** What the trainers of one experiment noted, and whether any of them trained what was trained already. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { agentOf, type Ending, silos } from './crash-stack.ts';

/** From the moment that an agent makes a process to the one from which that process counts its time. */
const processStartMs = 1_000;

const note = z.object({
  at: z.number(),
  event: z.enum(['start', 'end']),
  silo: z.string(),
  experiment: z.string(),
  round: z.int(),
  task: z.string(),
  kept: z.boolean(),
});
type Note = z.infer<typeof note>;

export interface Trainings {
  readonly started: number;
  readonly finished: number;
  readonly faults: readonly string[];
}

/**
 * A training may only be repeated while its result does not exist: never when it starts beside a kept result, and
 * after a finished one only where the agent died before it could keep the result.
 */
export async function checkTrainings(options: {
  trainingData: string;
  experiment: string;
  endings: readonly Ending[];
}): Promise<Trainings> {
  const { trainingData, experiment, endings } = options;
  const notes = (await Promise.all(silos.map((silo) => readNotes(join(trainingData, silo))))).flat();
  const own = notes.filter((entry) => entry.experiment === experiment);
  const tasks = new Map<string, Note[]>();
  for (const entry of own) {
    const name = `${entry.task} of round ${entry.round} in ${entry.silo}`;
    tasks.set(name, [...(tasks.get(name) ?? []), entry]);
  }
  const faults = [...tasks].flatMap(([name, entries]) => repeated(name, entries, endings));
  return {
    started: own.filter(({ event }) => event === 'start').length,
    finished: own.filter(({ event }) => event === 'end').length,
    faults,
  };
}

function repeated(name: string, entries: readonly Note[], endings: readonly Ending[]): string[] {
  const faults: string[] = [];
  let before: Note | undefined;
  for (const entry of entries) {
    if (entry.event !== 'start') continue;
    if (entry.kept) faults.push(`${name} was trained again although its result existed`);
    const from = before?.at;
    const agentDied =
      from === undefined ||
      endings.some(
        ({ at, process }) => process === agentOf(entry.silo) && at >= from - processStartMs && at <= entry.at,
      );
    if (!agentDied) faults.push(`${name} was trained again although its agent had not died`);
    before = entry;
  }
  return faults;
}

async function readNotes(directory: string): Promise<Note[]> {
  const text = await readFile(join(directory, 'trainings.jsonl'), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => note.parse(JSON.parse(line)));
}
