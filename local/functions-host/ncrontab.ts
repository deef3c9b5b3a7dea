/** NCRONTAB: `{second} {minute} {hour} {day} {month} {day of week}` in UTC, or a time span `hh:mm:ss` as an interval. */
import { timeSpan } from './host-json.ts';

export interface Schedule {
  /** The first occurrence after `time` (epoch milliseconds), or undefined if there is none within ten years. */
  next(time: number): number | undefined;
}

interface Field {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const fields: readonly Field[] = [
  { low: 0, high: 59 },
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: ['', ...months] },
  { low: 0, high: 6, names: days },
];

function parseValue(text: string, field: Field): number {
  const named = field.names?.findIndex((name) => name !== '' && text.toLowerCase().startsWith(name)) ?? -1;
  const value = named >= 0 ? named : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  const sunday = field.high === 6 && value === 7 ? 0 : value;
  if (!(sunday >= field.low && sunday <= field.high))
    throw new Error(`'${text}' is out of range in a schedule`);
  return sunday;
}

function parseField(text: string, field: Field): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', stepText] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    if (!Number.isInteger(step) || step < 1) throw new Error(`'${part}' has no valid step in a schedule`);
    const [from = '', to] = range.split('-');
    const low = range === '*' ? field.low : parseValue(from, field);
    const last = range === '*' || (to === undefined && stepText !== undefined) ? field.high : low;
    const high = to === undefined ? last : parseValue(to, field);
    if (high < low) throw new Error(`'${part}' runs backwards in a schedule`);
    for (let value = low; value <= high; value += step) values.add(value);
  }
  return values;
}

const day = 86_400_000;

/** Throws on text that is no schedule. Five fields mean second 0. */
export function parseSchedule(text: string): Schedule {
  const interval = timeSpan(text.trim());
  if (interval !== undefined && interval > 0) return { next: (time) => time + interval };
  const parts = text.trim().split(/\s+/);
  if (parts.length === 5) parts.unshift('0');
  if (parts.length !== 6) throw new Error(`'${text}' is no schedule of six fields`);
  const [seconds, minutes, hours, dates, monthsOfYear, weekdays] = fields.map((field, index) =>
    parseField(parts[index] ?? '', field),
  ) as [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];

  const inOrder = (set: ReadonlySet<number>): number[] => [...set].sort((left, right) => left - right);
  const times = { hours: inOrder(hours), minutes: inOrder(minutes), seconds: inOrder(seconds) };

  /** The first time of day, in milliseconds, not before `from`. */
  function timeOfDay(from: number): number | undefined {
    for (const hour of times.hours) {
      if ((hour + 1) * 3_600_000 <= from) continue;
      for (const minute of times.minutes) {
        if ((hour * 60 + minute + 1) * 60_000 <= from) continue;
        for (const second of times.seconds) {
          const candidate = ((hour * 60 + minute) * 60 + second) * 1_000;
          if (candidate >= from) return candidate;
        }
      }
    }
    return undefined;
  }

  return {
    next(time) {
      let start = Math.floor(time / 1_000) * 1_000 + 1_000;
      for (let tried = 0; tried < 3_660; tried++) {
        const midnight = Math.floor(start / day) * day;
        const date = new Date(midnight);
        const matches =
          monthsOfYear.has(date.getUTCMonth() + 1) &&
          dates.has(date.getUTCDate()) &&
          weekdays.has(date.getUTCDay());
        const found = matches ? timeOfDay(start - midnight) : undefined;
        if (found !== undefined) return midnight + found;
        start = midnight + day;
      }
      return undefined;
    },
  };
}
