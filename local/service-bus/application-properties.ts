import { encodeScalar, encodeSection, encodeString, readScalar } from './amqp-scalars.ts';
import { mapEntries } from './encoded-message.ts';
import { messageSections, SECTION } from './message-sections.ts';

/**
 * Sets application properties on the bare part of a message (abandon, dead-letter), leaving every other byte as the
 * sender encoded it. Undefined values are skipped. Throws an argument error for values that are not scalars.
 */
export function mergeApplicationProperties(bare: Buffer, set: Readonly<Record<string, unknown>>): Buffer {
  const additions = new Map(Object.entries(set).filter(([, value]) => value !== undefined));
  if (additions.size === 0) return bare;
  const sections = messageSections(bare);
  const existing = sections.find(({ code }) => code === SECTION.applicationProperties);
  const pairs: Buffer[] = [];
  for (const entry of existing === undefined ? [] : mapEntries(bare, existing.value)) {
    const key = readScalar(bare, entry.key);
    if (typeof key === 'string' && additions.has(key)) continue;
    pairs.push(bare.subarray(entry.start, entry.end));
  }
  for (const [key, value] of additions) pairs.push(Buffer.concat([encodeString(key), encodeScalar(value)]));
  const properties = sections.find(({ code }) => code === SECTION.properties);
  const start = existing?.start ?? properties?.end ?? 0;
  const end = existing?.end ?? start;
  const section = encodeSection(SECTION.applicationProperties, 0xd1, 2 * pairs.length, pairs);
  return Buffer.concat([bare.subarray(0, start), section, bare.subarray(end)]);
}
