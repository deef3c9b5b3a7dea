import { type KeyRecord, latestVersion } from './key-record.ts';
import { addDuration } from './rotation-policy.ts';

/** Whether the key's policy asks for a new version by `now` (epoch seconds): so long after the latest, or so long before it expires. */
export function isDueForRotation(key: KeyRecord, now: number): boolean {
  if (key.deleted !== undefined) return false;
  const { created, expires, enabled } = latestVersion(key);
  if (!enabled) return false;
  return (key.rotationPolicy?.lifetimeActions ?? []).some(({ action, trigger }) => {
    if (action.type.toLowerCase() !== 'rotate') return false;
    if (trigger.timeAfterCreate !== undefined) return addDuration(created, trigger.timeAfterCreate) <= now;
    const { timeBeforeExpiry } = trigger;
    return (
      timeBeforeExpiry !== undefined && expires !== undefined && expires <= addDuration(now, timeBeforeExpiry)
    );
  });
}
