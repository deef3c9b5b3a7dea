import { ARRAY_FUNCTIONS } from './array-functions.ts';
import { DATE_FUNCTIONS } from './date-functions.ts';
import { MATH_FUNCTIONS } from './math-functions.ts';
import type { SqlFunction } from './sql-function.ts';
import { STRING_FUNCTIONS } from './string-functions.ts';
import { TYPE_FUNCTIONS } from './type-functions.ts';

/** Built-in functions by upper-case name. */
export const FUNCTIONS: ReadonlyMap<string, SqlFunction> = new Map([
  ...Object.entries(TYPE_FUNCTIONS),
  ...Object.entries(STRING_FUNCTIONS),
  ...Object.entries(MATH_FUNCTIONS),
  ...Object.entries(ARRAY_FUNCTIONS),
  ...Object.entries(DATE_FUNCTIONS),
]);

/** Functions of the real service that are refused by name rather than called unknown. */
export const UNAVAILABLE_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'REGEXMATCH ST_DISTANCE ST_WITHIN ST_INTERSECTS ST_ISVALID ST_ISVALIDDETAILED ST_AREA VECTORDISTANCE ' +
    'FULLTEXTCONTAINS FULLTEXTCONTAINSALL FULLTEXTCONTAINSANY FULLTEXTSCORE RRF DOCUMENTID RAND DATETIMEBIN ' +
    'DATETIMEFROMPARTS DATETIMETOTICKS TICKSTODATETIME GETCURRENTTICKS GETCURRENTDATETIMESTATIC ' +
    'GETCURRENTTICKSSTATIC GETCURRENTTIMESTAMPSTATIC CHOOSE OBJECTTOARRAY STRINGJOIN STRINGSPLIT LASTINDEXOF ' +
    'STRINGTOARRAY STRINGTOOBJECT STRINGTONULL NUMBERBIN COUNTIF MAKELIST MAKESET'
  ).split(' '),
);
