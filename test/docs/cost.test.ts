import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { repositoryRoot } from './repository.ts';

const run = (...args: string[]) =>
  execFileSync(process.execPath, ['scripts/cost.mjs', ...args], {
    cwd: repositoryRoot,
    stdio: 'pipe',
  }).toString();

const answer = z.object({
  prices: z.object({ network: z.object({ freeEgressGb: z.number(), perGbEgress: z.number() }) }),
  sandboxes: z.array(
    z.object({
      sandbox: z.string(),
      round: z.object({
        serviceBus: z.object({ operations: z.number() }),
        keyVault: z.record(z.string(), z.number()),
      }),
      month: z.object({
        coordinator: z.record(z.string(), z.number()),
        total: z.number(),
        idle: z.number(),
        perRound: z.number(),
      }),
    }),
  ),
});
function ask(...args: string[]) {
  const { prices, sandboxes } = answer.parse(JSON.parse(run('--json', ...args)));
  const [first] = sandboxes;
  if (first === undefined) throw new Error('the model answered no sandbox');
  return { prices, names: sandboxes.map(({ sandbox }) => sandbox), ...first };
}

describe('the cost model', () => {
  it('counts each plan, reply, outcome and signal as sent, received and settled', () => {
    const { round } = ask('--sandbox', 'minimal', '--silos', '4');
    expect(round.serviceBus.operations).toBe(3 * (3 * 4 + 4 * 10));
    expect(round.keyVault).toEqual({ coordinatorSignatures: 5, unwraps: 8, siloSignatures: 4 });
  });

  it('adds up the parts, and an idle month has no cost that a round made', () => {
    const { total, idle, perRound, coordinator } = ask('--rounds', '250').month;
    expect(total).toBeCloseTo(
      Object.values(coordinator).reduce((sum, part) => sum + part, 0),
      9,
    );
    expect(idle + perRound * 250).toBeCloseTo(total, 9);
    expect(ask('--rounds', '0').month.perRound).toBe(0);
  });

  it('charges egress only for silos outside the region and above what is free', () => {
    const size = ['--silos', '4', '--model-mib', '1024', '--rounds', '100'];
    expect(ask('--sandbox', 'minimal', ...size).month.coordinator['egress']).toBe(0);
    const { prices, month } = ask('--sandbox', 'consortium', ...size);
    const charged = (400 - prices.network.freeEgressGb) * prices.network.perGbEgress;
    expect(month.coordinator['egress']).toBeCloseTo(charged, 9);
  });
});

describe('the cost page', () => {
  it('shows what the model computes', () => {
    // The page's tables are aligned; what is in their cells counts.
    const rowsOf = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith('|') && !line.includes('---'))
        .map((line) =>
          line
            .split('|')
            .map((cell) => cell.trim())
            .join('|'),
        );
    const page = rowsOf(readFileSync(join(repositoryRoot, 'docs/cost.md'), 'utf8'));
    const printed = rowsOf(run());
    expect(printed.length).toBeGreaterThan(15);
    expect(page).toEqual(expect.arrayContaining(printed));
  });

  it('has a row for every sandbox that infra offers', () => {
    const offered = readdirSync(join(repositoryRoot, 'infra/sandboxes'))
      .filter((name) => name.endsWith('.bicepparam') || name.endsWith('.json'))
      .map((name) => name.split('.')[0]);
    expect(new Set(ask().names)).toEqual(new Set(offered));
  });

  it('is refused a sandbox or a number that makes no sense', () => {
    expect(() => run('--sandbox', 'huge')).toThrow(/there is no sandbox huge/);
    expect(() => run('--silos', '0')).toThrow(/--silos must be a whole number/);
  });
});
