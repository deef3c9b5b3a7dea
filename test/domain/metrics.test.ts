import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightedMetrics } from '../../shared/domain/metrics.ts';
import { type BestSoFar, observe, stopReason } from '../../shared/domain/stop-rule.ts';

describe('metrics over silos', () => {
  it('are means weighted by examples, over the silos that report the metric', () => {
    const reports = [
      { metrics: { auc: 1, loss: 4 }, numExamples: 1 },
      { metrics: { auc: 0 }, numExamples: 3 },
    ];
    expect(weightedMetrics(reports, [])).toEqual({ auc: 0.25, loss: 4 });
    expect(weightedMetrics(reports, ['auc'])).toEqual({ auc: 0.25 });
    expect(weightedMetrics(reports, ['unheard-of'])).toEqual({});
    expect(weightedMetrics([], [])).toEqual({});
  });

  it('leave out what rests on no examples', () => {
    expect(weightedMetrics([{ metrics: { auc: 1 }, numExamples: 0 }], [])).toEqual({});
  });

  it('take nothing that a silo did not report for a report', () => {
    const reports = [{ metrics: { auc: 1 }, numExamples: 1 }];
    expect(weightedMetrics(reports, ['toString', 'constructor'])).toEqual({});
  });

  it('are finite for any reports that the contract lets through', () => {
    const report = fc.record({
      metrics: fc.record({ m: fc.double({ min: -1e100, max: 1e100, noNaN: true }) }),
      numExamples: fc.integer({ min: 0, max: 2 ** 40 }),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 50 }), (reports) => {
        for (const value of Object.values(weightedMetrics(reports, []))) {
          expect(Number.isFinite(value)).toBe(true);
        }
      }),
    );
  });

  it('keep the 64 names that the most silos report: one silo cannot crowd out the others', () => {
    const common = { metrics: { zz: 1 }, numExamples: 1 };
    const flood = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`a${index}`, 0]));
    const kept = weightedMetrics([common, common, { metrics: flood, numExamples: 1 }], []);
    expect(Object.keys(kept)).toHaveLength(64);
    expect(kept['zz']).toBe(1);
  });
});

describe('the stop rule', () => {
  const rule = { metric: 'auc', mode: 'max' as const, minDelta: 0.01, patience: 2, target: 0.9 };
  const nothing: BestSoFar = { best: null, sinceBest: 0 };
  const after = (...values: (number | undefined)[]) =>
    values.reduce<BestSoFar>((seen, value, version) => observe(rule, seen, version, value), nothing);

  it('keeps the best version and counts those since that were not better by the least difference', () => {
    expect(after(0.5)).toEqual({ best: { version: 0, value: 0.5 }, sinceBest: 0 });
    expect(after(0.5, 0.505)).toEqual({ best: { version: 0, value: 0.5 }, sinceBest: 1 });
    expect(after(0.5, 0.52)).toEqual({ best: { version: 1, value: 0.52 }, sinceBest: 0 });
    expect(after(0.5, undefined)).toEqual(after(0.5));
  });

  it('says stop at the target and when patience ends, not before', () => {
    expect(stopReason(rule, nothing)).toBeUndefined();
    expect(stopReason(rule, after(0.5, 0.4))).toBeUndefined();
    expect(stopReason(rule, after(0.5, 0.4, 0.4))).toMatch(/no improvement of auc over version 0/);
    expect(stopReason(rule, after(0.5, 0.9))).toMatch(/version 1 reached auc 0.9/);
  });

  it('turns round where less is better', () => {
    const least = { metric: 'loss', mode: 'min' as const, minDelta: 0, target: 0.1 };
    const seen = [3, 1, 2].reduce<BestSoFar>((best, v, i) => observe(least, best, i, v), nothing);
    expect(seen).toEqual({ best: { version: 1, value: 1 }, sinceBest: 1 });
    expect(stopReason(least, seen)).toBeUndefined();
    expect(stopReason(least, observe(least, seen, 3, 0.1))).toMatch(/version 3 reached loss 0.1/);
  });
});
