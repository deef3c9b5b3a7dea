import { InvalidArgumentError } from 'commander';

/** Parses an option that takes a whole number in a range; commander names the option in the error. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };
}

/** First port of a range that an embedded cloud uses. */
export const portBase = wholeNumber(1_024, 65_000);
