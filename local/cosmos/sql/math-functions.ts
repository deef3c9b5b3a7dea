import { finite, ofNumbers, type SqlFunction } from './sql-function.ts';

export const MATH_FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  ABS: ofNumbers(1, (x = 0) => Math.abs(x)),
  ACOS: ofNumbers(1, (x = 0) => Math.acos(x)),
  ASIN: ofNumbers(1, (x = 0) => Math.asin(x)),
  ATAN: ofNumbers(1, (x = 0) => Math.atan(x)),
  ATN2: ofNumbers(2, (y = 0, x = 0) => Math.atan2(y, x)),
  CEILING: ofNumbers(1, (x = 0) => Math.ceil(x)),
  COS: ofNumbers(1, (x = 0) => Math.cos(x)),
  DEGREES: ofNumbers(1, (x = 0) => (x * 180) / Math.PI),
  EXP: ofNumbers(1, (x = 0) => Math.exp(x)),
  FLOOR: ofNumbers(1, (x = 0) => Math.floor(x)),
  LOG: {
    min: 1,
    max: 2,
    apply([x, base]) {
      if (typeof x !== 'number') return undefined;
      if (base === undefined) return finite(Math.log(x));
      return typeof base === 'number' ? finite(Math.log(x) / Math.log(base)) : undefined;
    },
  },
  LOG10: ofNumbers(1, (x = 0) => Math.log10(x)),
  PI: ofNumbers(0, () => Math.PI),
  POWER: ofNumbers(2, (x = 0, y = 0) => x ** y),
  RADIANS: ofNumbers(1, (x = 0) => (x * Math.PI) / 180),
  ROUND: ofNumbers(1, (x = 0) => Math.sign(x) * Math.round(Math.abs(x))),
  SIGN: ofNumbers(1, (x = 0) => Math.sign(x)),
  SIN: ofNumbers(1, (x = 0) => Math.sin(x)),
  SQRT: ofNumbers(1, (x = 0) => Math.sqrt(x)),
  SQUARE: ofNumbers(1, (x = 0) => x * x),
  TAN: ofNumbers(1, (x = 0) => Math.tan(x)),
  TRUNC: ofNumbers(1, (x = 0) => Math.trunc(x)),
};
