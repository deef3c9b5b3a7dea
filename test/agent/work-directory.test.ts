import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openJournal } from '../../agent/journal.ts';
import { startOfProcess } from '../../agent/process-run.ts';
import { forgetLongPast } from '../../agent/sweep.ts';
import { killLeftover, runTrainer } from '../../agent/trainer.ts';
import { commitState, copyState } from '../../agent/trainer-state.ts';
import { lockWorkDirectory, WorkDirectoryInUse } from '../../agent/work-lock.ts';
import { exampleModel, planFor } from './support/coordinator-peer.ts';
import { eventually } from './support/eventually.ts';

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tributary-work-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
const quiet = (): void => undefined;

test('a second agent on the same work directory is refused by name of the first', async () => {
  const root = await directory();
  const release = lockWorkDirectory(root);
  expect(() => lockWorkDirectory(root)).toThrow(WorkDirectoryInUse);
  expect(() => lockWorkDirectory(root)).toThrow(`process ${process.pid}`);
  release();
  lockWorkDirectory(root)();
  expect(await readdir(root)).toEqual([]);
});

test('a lock of a dead process, of a reused pid, or cut short by a power cut is taken over', async () => {
  const root = await directory();
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  for (const text of [
    JSON.stringify({ pid: child.pid, start: '' }),
    JSON.stringify({ pid: process.pid, start: 'another-boot/1' }),
    '',
  ]) {
    await writeFile(join(root, 'agent.lock'), text);
    lockWorkDirectory(root)();
  }
});

test('the journal comes back in order of arrival, and moves only for the holder of the present entry', async () => {
  const root = await directory();
  const model = exampleModel();
  const journal = await openJournal(root, quiet);
  await Promise.all([3, 1, 2].map((round) => journal.add('a', planFor(model, { round }))));
  const [first] = journal.entries();
  if (first === undefined) throw new Error('no entry');
  expect(await journal.move(first, { step: 'trained' })).toMatchObject({ state: { step: 'trained' } });
  expect(await journal.move(first, { step: 'over', why: 'expired' })).toBeUndefined();
  const { added } = await journal.add('a', planFor(model, { round: 3 }));
  expect(added).toBe(false);

  const again = await openJournal(root, quiet);
  expect(again.entries()).toEqual(journal.entries());
  expect(again.entries().map(({ plan }) => plan.round)).toEqual([3, 1, 2]);
});

test('finished tasks of experiments that fell silent are forgotten after a month, unfinished ones are not', async () => {
  const journal = await openJournal(await directory(), quiet);
  const now = Date.now();
  const days = (count: number) => new Date(now - count * 24 * 3_600_000).toISOString();
  for (const [round, deadline, finished] of [
    [1, days(31), true],
    [2, days(31), false],
    [3, days(29), true],
  ] as const) {
    const { entry } = await journal.add('a', planFor(exampleModel(), { round, deadline }));
    if (finished) await journal.move(entry, { step: 'over', why: 'late' });
  }
  await forgetLongPast(journal, now);
  expect(journal.entries().map(({ plan }) => plan.round)).toEqual([2, 3]);
});

test('a journal file that the agent did not write is put aside, and half-written ones are removed', async () => {
  const root = await directory();
  await writeFile(join(root, 'x.json'), '{"v":1');
  await writeFile(join(root, 'y.json.tmp'), '{');
  const lines: string[] = [];
  const journal = await openJournal(root, (_, event) => lines.push(event));
  expect(journal.entries()).toEqual([]);
  expect(await readdir(root)).toEqual(['x.json.unreadable']);
  expect(lines).toEqual(['journal-entry-unreadable']);
});

test('a training that is repeated starts from the state before it, the next one from the state after it', async () => {
  const root = await directory();
  const state = join(root, 'state');
  const read = async (path: string) =>
    existsSync(join(path, 'n')) ? readFile(join(path, 'n'), 'utf8') : 'none';
  async function train(key: string, name: string, result: string): Promise<string> {
    const copy = join(root, name);
    await copyState(state, key, copy);
    const found = await read(copy);
    await writeFile(join(copy, 'n'), result);
    await commitState(state, key, copy);
    return found;
  }
  expect(await train('k1', 'a', 'one')).toBe('none');
  expect(await train('k1', 'b', 'one again')).toBe('none');
  expect(await train('k2', 'c', 'two')).toBe('one again');
  expect(await train('k2', 'd', 'two again')).toBe('one again');
  expect(await train('k3', 'e', 'three')).toBe('two again');
  expect(await readdir(state)).toEqual(['current.json', 'k2', 'k3']);
});

test('a training process that a killed agent left behind is found and ended, a stranger with its pid is not', async () => {
  const task = await directory();
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { detached: true });
  const pid = child.pid ?? 0;
  onTestFinished(() => void child.kill('SIGKILL'));
  await writeFile(join(task, 'trainer.json'), JSON.stringify({ pid, start: 'another-boot/1' }));
  killLeftover(task);
  expect(child.exitCode ?? child.signalCode).toBeNull();
  await writeFile(join(task, 'trainer.json'), JSON.stringify({ pid, start: startOfProcess(pid) }));
  const ended = once(child, 'exit');
  killLeftover(task);
  expect((await ended)[1]).toBe('SIGKILL');
  await writeFile(join(task, 'trainer.json'), 'cut sho');
  killLeftover(task);
});

test('output beyond the bound is cut, and the tail of stderr is kept', async () => {
  const task = await directory();
  await mkdir(join(task, 'x'));
  const script = `process.stdout.write('o'.repeat(11 * 2 ** 20)); process.stderr.write('e'.repeat(5000) + 'END'); process.exitCode = 3`;
  const exit = await runTrainer(
    {
      command: [process.execPath, '-e', script],
      directory: task,
      taskDirectory: task,
      env: {},
      timeoutMs: 60_000,
    },
    new AbortController().signal,
  );
  expect(exit).toMatchObject({ end: 'exited', code: 3 });
  const tail = 'stderrTail' in exit ? exit.stderrTail : '';
  expect([tail.length, tail.slice(-3)]).toEqual([2_048, 'END']);
  const log = await readFile(join(task, 'log.txt'));
  expect(log.length).toBeLessThanOrEqual(10 * 2 ** 20 + 100);
  expect(log.subarray(-100).toString()).toContain('output cut here');
});

test('a process that has ended has no start', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  await eventually(() => startOfProcess(child.pid ?? 0) === '', 'the end of the process');
});
