import { setTimeout as sleep } from 'node:timers/promises';
import type { Victim } from './crash-stack.ts';
import type { Random } from './random.ts';

export interface Kill {
  readonly at: number;
  readonly victim: string;
}

/**
 * SIGKILLs processes at random moments until `kills` are done or `signal` says that the run is over; answers those
 * done. One in five comes close upon the one before, so that processes also die together or while they recover.
 */
export async function killAtRandom(options: {
  victims: readonly Victim[];
  kills: number;
  meanGapMs: number;
  random: Random;
  signal: AbortSignal;
}): Promise<Kill[]> {
  const { victims, kills, meanGapMs, random, signal } = options;
  const done: Kill[] = [];
  while (done.length < kills) {
    const close = done.length > 0 && random() < 0.2;
    const gap = close ? random() * 50 : (0.1 + 1.8 * random()) * meanGapMs;
    try {
      await sleep(gap, undefined, { signal });
    } catch {
      break;
    }
    const victim = choose(victims, random);
    const at = Date.now();
    if (killNow(victim.process.pid())) done.push({ at, victim: victim.name });
  }
  return done;
}

function choose(victims: readonly Victim[], random: Random): Victim {
  let left = random() * victims.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = victims.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  if (chosen === undefined) throw new Error('there is nobody to kill');
  return chosen;
}

/** False where the process is dead already. */
function killNow(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
