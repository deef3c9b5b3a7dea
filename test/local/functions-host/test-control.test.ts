import { describe, expect, it } from 'vitest';
import { testControl } from '../../../local/functions-host/test-control.ts';
import { manualClock } from '../durable/manual-clock.ts';

const rules = (...list: object[]): string => JSON.stringify(list);
const kill = { service: 'functions', operation: 'activity-after-run double', kind: 'kill', times: 1 };

describe('the control for tests', () => {
  it('is not there unless it is asked for', () => {
    expect(testControl(undefined, manualClock(0))).toBeUndefined();
  });

  it('kills at the passage that a rule names, and at no other', () => {
    let deaths = 0;
    const control = testControl(rules({ ...kill, skip: 1 }), manualClock(0), () => deaths++);
    control?.pass('activity-before-run', 'double');
    control?.pass('activity-after-run', 'echo');
    control?.pass('activity-after-run', 'double');
    expect(deaths).toBe(0);
    control?.pass('activity-after-run', 'double');
    expect(deaths).toBe(1);
    control?.pass('activity-after-run', 'double');
    expect(deaths).toBe(1);
  });

  it.each([
    ['of another service', { ...kill, service: 'blob' }],
    ['of another kind', { ...kill, kind: 'latency' }],
    ['at a point that is none', { ...kill, operation: 'activity-after-rum double' }],
    ['at a point and nothing', { ...kill, operation: 'activity-after-run' }],
  ])('refuses a rule %s, which would never hit', (_, rule) => {
    expect(() => testControl(rules(rule), manualClock(0))).toThrow(/"<point> <name>"/);
  });

  it('refuses what is no list of rules', () => {
    expect(() => testControl('{}', manualClock(0))).toThrow();
    expect(() => testControl('now', manualClock(0))).toThrow();
  });
});
