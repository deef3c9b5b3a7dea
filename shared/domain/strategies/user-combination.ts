import { StrategyFault } from './strategy-fault.ts';
import type { BuiltInCombination } from './user-strategy.ts';

/** What a module's `combine` answered, checked against `count` updates and copied. Throws StrategyFault. */
export function checkedCombination(name: string, answer: unknown, count: number): BuiltInCombination {
  const fault = (what: string): StrategyFault =>
    new StrategyFault(`combine of strategies/${name} answered ${what}.`);
  const given: Record<string, unknown> = Object.fromEntries(Object.entries(Object(answer)));
  const numbers = (field: string): number[] => {
    const value = given[field];
    if (!Array.isArray(value) || value.length !== count || !value.every(Number.isFinite)) {
      throw fault(`${field} other than ${count} finite numbers`);
    }
    return value.map(Number);
  };
  const whole = (field: string, least: number, most: number): number => {
    const value = given[field];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw fault(`${field} other than a whole number from ${least} to ${most}`);
    }
    return value;
  };
  switch (given['kind']) {
    case 'mean': {
      const { divisor } = given;
      if (typeof divisor !== 'number' || !Number.isFinite(divisor) || divisor === 0) {
        throw fault('a divisor that is 0 or not finite');
      }
      return { kind: 'mean', coefficients: numbers('coefficients'), divisor };
    }
    case 'median':
      return { kind: 'median', scales: numbers('scales') };
    case 'trimmed-mean': {
      const trim = whole('trim', 0, Math.ceil(count / 2) - 1);
      return { kind: 'trimmed-mean', scales: numbers('scales'), trim };
    }
    case 'near-median-mean': {
      const members = membersOf(given['members'], count);
      if (members === undefined) throw fault(`members other than distinct indices below ${count}`);
      const keep = whole('keep', 1, members.length);
      return { kind: 'near-median-mean', scales: numbers('scales'), members, keep };
    }
    default:
      throw fault('no combination: mean, median, trimmed-mean or near-median-mean');
  }
}

/** In ascending order: the canonical one. */
function membersOf(value: unknown, count: number): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const members = new Set<number>();
  for (const member of value) {
    if (typeof member !== 'number' || !Number.isInteger(member) || member < 0 || member >= count) {
      return undefined;
    }
    members.add(member);
  }
  return members.size === value.length ? [...members].sort((a, b) => a - b) : undefined;
}
