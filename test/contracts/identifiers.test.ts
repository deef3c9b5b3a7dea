import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  experimentId,
  parseParticipationId,
  participationId,
  roundInstanceId,
  siloId,
} from '../../shared/contracts/identifiers.ts';

const experiment = 'exp-01arz3ndektsv4rrffq69g5fav';
const silos = fc.stringMatching(/^[a-z0-9](-?[a-z0-9]){0,39}$/).filter((text) => text.length <= 40);

describe('identifiers', () => {
  it('of silos are names that queues and containers can carry', () => {
    for (const good of ['a', 'hospital-1', '0', 'a'.repeat(40)]) {
      expect(siloId.safeParse(good).success, good).toBe(true);
    }
    for (const bad of ['', '-a', 'a-', 'a--b', 'A', 'a_b', 'a.b', 'a/b', 'ä', 'a\n', 'a'.repeat(41)]) {
      expect(siloId.safeParse(bad).success, bad).toBe(false);
    }
  });

  it('of experiments are lower-case ULIDs', () => {
    expect(experimentId.safeParse(experiment).success).toBe(true);
    for (const bad of [
      'exp-',
      experiment.toUpperCase(),
      `${experiment}0`,
      `${experiment}\n`,
      'exp-../../x',
    ]) {
      expect(experimentId.safeParse(bad).success, bad).toBe(false);
    }
  });

  it('of participations are read back as they were written', () => {
    fc.assert(
      fc.property(silos, fc.nat(1_000_000), fc.integer({ min: 1, max: 1_000 }), (silo, round, attempt) => {
        const key = { experiment, round, attempt, silo };
        expect(parseParticipationId(participationId(key))).toEqual(key);
      }),
    );
  });

  it('of participations are refused in any other form', () => {
    const good = participationId({ experiment, round: 1, attempt: 1, silo: 'a' });
    for (const bad of ['', '...', `${good}.x`, `${experiment}.1.a`, `${experiment}.-1.1.a`]) {
      expect(parseParticipationId(bad), bad).toBeUndefined();
    }
    for (const [round, attempt] of [
      ['1', '0'],
      ['1e1', '1'],
      ['', '1'],
      ['0x1', '1'],
      ['1', '1001'],
    ]) {
      expect(parseParticipationId(`${experiment}.${round}.${attempt}.a`)).toBeUndefined();
    }
  });

  it('of orchestration instances are printable, short, and free of what the engine forbids', () => {
    const id = roundInstanceId({ experiment, round: 1_000_000, attempt: 1_000 });
    expect(id).toMatch(/^[!-~]{1,99}$/);
    expect(id).not.toMatch(/[/\\#?]/);
  });
});
