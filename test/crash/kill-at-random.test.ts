import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { killAtRandom } from './kill-at-random.ts';
import { seededRandom } from './random.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function victim(name: string, weight = 1) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  children.push(child);
  const supervised = { name, pid: () => child.pid, restarts: () => 0, stop: async () => undefined };
  return { child, victim: { name, weight, process: supervised } };
}

describe('killing at random', () => {
  it('sends SIGKILL, which nobody can refuse, and says whom it hit', async () => {
    const { child, victim: only } = victim('only');
    const ended = once(child, 'exit');
    const kills = await killAtRandom({
      victims: [only],
      kills: 1,
      meanGapMs: 1,
      random: seededRandom(1),
      signal: new AbortController().signal,
    });
    expect(kills.map(({ victim: name }) => name)).toEqual(['only']);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('stops when the run is over', async () => {
    const { child, victim: only } = victim('only');
    const over = new AbortController();
    const killing = killAtRandom({
      victims: [only],
      kills: 5,
      meanGapMs: 1e9,
      random: seededRandom(1),
      signal: over.signal,
    });
    over.abort();
    expect(await killing).toEqual([]);
    expect(child.exitCode ?? child.signalCode).toBeNull();
  });

  it('repeats its choices for the same seed and makes others for another', () => {
    const draw = (seed: number) => Array.from({ length: 8 }, seededRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
