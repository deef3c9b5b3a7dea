/** Milliseconds as people say them: `4s`, `2m 05s`, `3h 10m`, `2d 4h`. Negative spans count as none. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(seconds % 60).padStart(2, '0')}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${String(minutes % 60).padStart(2, '0')}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `in 2m 05s` or `4s ago`, of an RFC 3339 instant. */
export function relative(instant: string, now: number): string {
  const distance = Date.parse(instant) - now;
  return distance >= 0 ? `in ${duration(distance)}` : `${duration(-distance)} ago`;
}
