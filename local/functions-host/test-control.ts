/**
 * What lets tests kill the host at a named point and move its clock. Off unless the setting EmbeddedHost__Faults is
 * there: a JSON list of fault rules (it may be empty) for the service `functions`, whose operations are the kill points
 * with the name of what passes them, such as `activity-after-run double`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { faultRules } from '../core/fault-rule.ts';
import { createFaultPlan } from '../core/faults.ts';
import { readBody } from '../core/http-service.ts';
import { type AdvanceableClock, advanceableClock, type Clock } from '../durable/clock.ts';
import { killPoints, type PassPoint } from '../durable/kill-point.ts';
import { writeJson } from './http-message.ts';

export interface TestControl {
  readonly clock: AdvanceableClock;
  readonly pass: PassPoint;
  /** `PUT faults` with rules, `PUT clock` with `{"advanceMs": n}`; resolves false for anything else. */
  serve(name: string | undefined, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const service = 'functions';
const clockShape = z.strictObject({ advanceMs: z.number().min(0) });
const maxBodyBytes = 65_536;

/** Throws what says why rules cannot be used: one that never hits would make a test pass that tests nothing. */
function parseRules(text: string): z.infer<typeof faultRules> {
  const rules = faultRules.parse(JSON.parse(text));
  for (const { service: named, operation, kind } of rules) {
    const known = killPoints.some((point) => operation === `${point}*` || operation.startsWith(`${point} `));
    if (named !== service || kind !== 'kill' || !known) {
      throw new RangeError(
        `the Functions host knows faults of kind 'kill' at service '${service}', whose operations are "<point> <name>" or "<point>*" with one of the points ${killPoints.join(', ')}`,
      );
    }
  }
  return rules;
}

/** undefined when the setting is not there. `die` ends the process as SIGKILL does. */
export function testControl(
  setting: string | undefined,
  base: Clock,
  die?: () => void,
): TestControl | undefined {
  if (setting === undefined) return undefined;
  const plan = createFaultPlan(die);
  plan.set(parseRules(setting));
  const clock = advanceableClock(base);
  return {
    clock,
    pass(point, name) {
      if (plan.next(service, `${point} ${name}`) !== undefined) plan.die();
    },
    async serve(name, request, response) {
      if (request.method !== 'PUT' || (name !== 'faults' && name !== 'clock')) return false;
      const text = (await readBody(request, maxBodyBytes)).toString('utf8');
      try {
        if (name === 'faults') plan.set(parseRules(text));
        else clock.advance(clockShape.parse(JSON.parse(text)).advanceMs);
        writeJson(response, 200, { aheadMs: clock.aheadMilliseconds });
      } catch (fault) {
        writeJson(response, 400, { error: fault instanceof Error ? fault.message : 'not understood' });
      }
      return true;
    },
  };
}
