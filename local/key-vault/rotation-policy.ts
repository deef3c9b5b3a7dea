import * as z from 'zod';
import { badParameter } from './vault-error.ts';

const DURATION = /^P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?$/;
const durationShape = z.string().regex(DURATION);

const lifetimeActionShape = z.strictObject({
  trigger: z
    .strictObject({ timeAfterCreate: durationShape.optional(), timeBeforeExpiry: durationShape.optional() })
    .refine(
      (trigger) => (trigger.timeAfterCreate === undefined) !== (trigger.timeBeforeExpiry === undefined),
    ),
  action: z.strictObject({ type: z.enum(['Rotate', 'Notify', 'rotate', 'notify']) }),
});

export const rotationPolicyShape = z.object({
  lifetimeActions: z.array(lifetimeActionShape).default([]),
  /** ISO 8601: how long after its creation a version made by a rotation expires. */
  expiryTime: durationShape.optional(),
  created: z.number(),
  updated: z.number(),
});

export const rotationPolicyBodyShape = z.strictObject({
  id: z.string().optional(),
  lifetimeActions: z.array(lifetimeActionShape).optional(),
  attributes: z
    .strictObject({
      expiryTime: durationShape.nullish(),
      created: z.number().optional(),
      updated: z.number().optional(),
    })
    .optional(),
});

/** `seconds` after the epoch, moved on by an ISO 8601 date duration of the calendar (a month is a month). */
export function addDuration(seconds: number, duration: string): number {
  const match = DURATION.exec(duration);
  if (match === null) throw badParameter('a duration must be of the form P1Y2M3D');
  const date = new Date(seconds * 1000);
  date.setUTCFullYear(date.getUTCFullYear() + Number(match[1] ?? 0));
  date.setUTCMonth(date.getUTCMonth() + Number(match[2] ?? 0));
  date.setUTCDate(date.getUTCDate() + Number(match[3] ?? 0));
  return Math.floor(date.getTime() / 1000);
}
