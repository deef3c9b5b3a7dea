import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkTrainings } from './trainings.ts';

let trainingData: string;
beforeEach(async () => {
  trainingData = await mkdtemp(join(tmpdir(), 'trainings-'));
});
afterEach(() => rm(trainingData, { recursive: true, force: true }));

const experiment = 'exp-1';
const note = (at: number, event: 'start' | 'end', other: object = {}) => {
  return { at, event, silo: 'silo-2', experiment, round: 1, task: 'train', kept: false, ...other };
};

async function check(notes: readonly object[], endings: readonly { at: number; process: string }[]) {
  await mkdir(join(trainingData, 'silo-2'), { recursive: true });
  const lines = notes.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  await writeFile(join(trainingData, 'silo-2', 'trainings.jsonl'), lines);
  return checkTrainings({ trainingData, experiment, endings });
}

describe('the check that nobody trains twice', () => {
  it('accepts one training per task', async () => {
    const notes = [note(1, 'start'), note(2, 'end'), note(3, 'start', { round: 2 })];
    expect(await check(notes, [])).toEqual({ started: 2, finished: 1, faults: [] });
  });

  it('accepts a training that is repeated because its agent died', async () => {
    const notes = [note(1, 'start'), note(5, 'start'), note(6, 'end')];
    expect((await check(notes, [{ at: 3, process: 'agent-2' }])).faults).toEqual([]);
  });

  it('finds a training beside a kept result, whoever died', async () => {
    const notes = [note(1, 'start'), note(2, 'end'), note(5, 'start', { kept: true })];
    expect((await check(notes, [{ at: 3, process: 'agent-2' }])).faults).toEqual([
      'train of round 1 in silo-2 was trained again although its result existed',
    ]);
  });

  it('finds a repetition for which only others had died, or the agent at another time', async () => {
    const notes = [note(10_000, 'start'), note(12_000, 'end'), note(15_000, 'start')];
    const endings = [
      { at: 13_000, process: 'agent-1' },
      { at: 13_000, process: 'coordinator' },
      { at: 8_000, process: 'agent-2' },
      { at: 16_000, process: 'agent-2' },
    ];
    expect((await check(notes, endings)).faults).toEqual([
      'train of round 1 in silo-2 was trained again although its agent had not died',
    ]);
  });

  it('leaves other experiments of the same stack alone', async () => {
    const notes = [note(1, 'start', { experiment: 'exp-0' }), note(2, 'start')];
    expect((await check(notes, [])).started).toBe(1);
  });
});
