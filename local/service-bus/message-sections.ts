import { byteAt, MalformedAmqp, skipValue } from './amqp-values.ts';

/** Section codes of an AMQP message, in the order in which they must come. */
export const SECTION = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  sequence: 0x76,
  value: 0x77,
  footer: 0x78,
} as const;

export interface Section {
  readonly code: number;
  readonly start: number;
  /** Offset of the value behind the descriptor. */
  readonly value: number;
  readonly end: number;
}

/** The sections of an encoded message; throws {@link MalformedAmqp} where structure, order or types are wrong. */
export function messageSections(bytes: Buffer): Section[] {
  const sections: Section[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { code, value } = descriptorAt(bytes, at);
    const end = skipValue(bytes, value);
    const previous = sections.at(-1);
    if (previous !== undefined && !mayFollow(previous.code, code)) {
      throw new MalformedAmqp('the sections of the message are out of order');
    }
    if (!hasExpectedType(code, byteAt(bytes, value))) {
      throw new MalformedAmqp('a section of the message has the wrong type');
    }
    sections.push({ code, start: at, value, end });
    at = end;
  }
  return sections;
}

function descriptorAt(bytes: Buffer, at: number): { code: number; value: number } {
  if (byteAt(bytes, at) !== 0x00) throw new MalformedAmqp('a message consists of described sections');
  const type = byteAt(bytes, at + 1);
  if (type === 0x53) return { code: byteAt(bytes, at + 2), value: at + 3 };
  if (type === 0x80 && at + 10 <= bytes.length && bytes.readUInt32BE(at + 2) === 0) {
    return { code: bytes.readUInt32BE(at + 6), value: at + 10 };
  }
  throw new MalformedAmqp('a section of the message has no numeric descriptor');
}

/** Only data and sequence sections may repeat. */
function mayFollow(previous: number, next: number): boolean {
  if (previous === next) return next === SECTION.data || next === SECTION.sequence;
  const body = (code: number) => code >= SECTION.data && code <= SECTION.value;
  return next > previous && !(body(previous) && body(next));
}

function hasExpectedType(section: number, type: number): boolean {
  switch (section) {
    case SECTION.header:
    case SECTION.properties:
    case SECTION.sequence:
      return type === 0x45 || type === 0xc0 || type === 0xd0;
    case SECTION.deliveryAnnotations:
    case SECTION.messageAnnotations:
    case SECTION.applicationProperties:
    case SECTION.footer:
      return type === 0xc1 || type === 0xd1;
    case SECTION.data:
      return type === 0xa0 || type === 0xb0;
    case SECTION.value:
      return true;
    default:
      return false;
  }
}
