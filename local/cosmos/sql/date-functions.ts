import { ofNumbers, ofStrings, type SqlFunction } from './sql-function.ts';
import type { SqlValue } from './values.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths in milliseconds of the parts that have one. */
const PART_MILLISECONDS: Readonly<Record<string, number>> = {
  ...named(DAY, 'day', 'dd', 'd'),
  ...named(HOUR, 'hour', 'hh'),
  ...named(MINUTE, 'minute', 'mi', 'n'),
  ...named(SECOND, 'second', 'ss', 's'),
  ...named(1, 'millisecond', 'ms'),
};
/** Lengths in months of the parts that follow the calendar. */
const PART_MONTHS: Readonly<Record<string, number>> = {
  ...named(12, 'year', 'yyyy', 'yy'),
  ...named(1, 'month', 'mm', 'm'),
};

export const DATE_FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  GETCURRENTDATETIME: { min: 0, max: 0, apply: (_args, { now }) => toDateTime(now) },
  GETCURRENTTIMESTAMP: { min: 0, max: 0, apply: (_args, { now }) => now },
  TIMESTAMPTODATETIME: ofNumbers(1, (timestamp = 0) => toDateTime(timestamp)),
  DATETIMETOTIMESTAMP: ofStrings(1, 1, (text = '') => toTimestamp(text)),
  DATETIMEADD: {
    min: 3,
    max: 3,
    apply([part, amount, text]) {
      const from = toTimestamp(text);
      if (typeof part !== 'string' || typeof amount !== 'number' || from === undefined) return undefined;
      return add(part.toLowerCase(), Math.trunc(amount), from);
    },
  },
  DATETIMEDIFF: ofStrings(3, 3, (part = '', start = '', end = '') => {
    const from = toTimestamp(start);
    const to = toTimestamp(end);
    return from === undefined || to === undefined
      ? undefined
      : boundariesBetween(part.toLowerCase(), from, to);
  }),
  DATETIMEPART: ofStrings(2, 2, (part = '', text = '') => {
    const at = toTimestamp(text);
    return at === undefined ? undefined : partOf(part.toLowerCase(), new Date(at));
  }),
};

/** ISO 8601 in UTC with seven decimals, the form that the service gives and takes. */
function toDateTime(timestamp: number): SqlValue {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace('Z', '0000Z');
}

function toTimestamp(text: SqlValue): number | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?Z?)?$/.test(text)) {
    return undefined;
  }
  const zoned = text.includes('T') && !text.endsWith('Z') ? `${text}Z` : text;
  const parsed = Date.parse(zoned.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(parsed) ? undefined : parsed;
}

function add(part: string, amount: number, from: number): SqlValue {
  const length = PART_MILLISECONDS[part];
  if (length !== undefined) return toDateTime(from + amount * length);
  const months = PART_MONTHS[part];
  if (months === undefined) return undefined;
  const date = new Date(from);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + amount * months);
  // The 31st plus a month is the month's last day, not a day of the month after.
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return toDateTime(date.getTime());
}

function boundariesBetween(part: string, from: number, to: number): SqlValue {
  const length = PART_MILLISECONDS[part];
  if (length !== undefined) return Math.floor(to / length) - Math.floor(from / length);
  const months = PART_MONTHS[part];
  if (months === undefined) return undefined;
  const count = (at: number) => new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth();
  return Math.floor(count(to) / months) - Math.floor(count(from) / months);
}

function partOf(part: string, date: Date): SqlValue {
  const months = PART_MONTHS[part];
  if (months !== undefined) return months === 12 ? date.getUTCFullYear() : date.getUTCMonth() + 1;
  const length = PART_MILLISECONDS[part];
  if (length === DAY) return date.getUTCDate();
  if (length === HOUR) return date.getUTCHours();
  if (length === MINUTE) return date.getUTCMinutes();
  if (length === SECOND) return date.getUTCSeconds();
  return length === 1 ? date.getUTCMilliseconds() : undefined;
}

function named(length: number, ...names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, length]));
}
