import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../../local/functions-host/ncrontab.ts';

const next = (schedule: string, from: string): string | undefined => {
  const time = parseSchedule(schedule).next(Date.parse(from));
  return time === undefined ? undefined : new Date(time).toISOString();
};

describe('a schedule', () => {
  it.each([
    ['0 */5 * * * *', '2026-03-01T10:02:30Z', '2026-03-01T10:05:00.000Z'],
    ['0 */5 * * * *', '2026-03-01T10:05:00Z', '2026-03-01T10:10:00.000Z'],
    ['30 0 9 * * Mon-Fri', '2026-03-06T09:00:31Z', '2026-03-09T09:00:30.000Z'],
    ['0 0 0 1 Jan,Jul *', '2026-01-01T00:00:00Z', '2026-07-01T00:00:00.000Z'],
    ['0 30 23 31 12 *', '2026-12-31T23:30:00Z', '2027-12-31T23:30:00.000Z'],
    ['0 0 12 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T12:00:00.000Z'],
    ['*/20 * * * * 7', '2026-03-06T00:00:00Z', '2026-03-08T00:00:00.000Z'],
    ['5/15 0 0 * * *', '2026-03-06T00:00:06Z', '2026-03-06T00:00:20.000Z'],
    ['15 3 * * *', '2026-03-06T03:15:00Z', '2026-03-07T03:15:00.000Z'],
    ['00:00:30', '2026-03-06T00:00:00Z', '2026-03-06T00:00:30.000Z'],
    ['1.00:00:00', '2026-03-06T00:00:00Z', '2026-03-07T00:00:00.000Z'],
  ])('%s after %s is %s', (schedule, from, expected) => {
    expect(next(schedule, from)).toBe(expected);
  });

  it('that never comes has no next time', () => {
    expect(next('0 0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  it.each(['', '* * *', '61 * * * * *', '0 0 24 * * *', 'x 0 0 * * *', '0 0/0 * * * *', '0 5-3 * * * *'])(
    'is not %j',
    (text) => {
      expect(() => parseSchedule(text)).toThrow();
    },
  );
});
