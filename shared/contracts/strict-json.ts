/**
 * JSON from a stranger. `JSON.parse` keeps the last of two equal keys, gives `__proto__` a meaning, lets lone
 * surrogates through and recurses as deep as the text asks; each of these lets two readers see two documents in
 * the same bytes. This parser refuses all four, and anything over the given size, before building a value.
 */
export interface StrictJsonLimits {
  /** Deepest nesting of arrays and objects; a bare scalar has depth 0. */
  readonly maxDepth: number;
  /** Size of the text in UTF-8 bytes. */
  readonly maxBytes: number;
}

export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN_RUN = /[^"\\\u0000-\u001f]*/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** True when the string has a UTF-8 form: no half of a surrogate pair stands alone. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The value of a JSON text; throws {@link StrictJsonError}. */
export function parseStrictJson(text: string, limits: StrictJsonLimits): unknown {
  const reader = readerOf(text, limits);
  return reader.document(() => reader.value(0));
}

/**
 * The members of a JSON text whose top level is an object, in the order of the text. (A JavaScript object puts
 * keys that look like integers first, which would lose the order of tensors named "0", "1", ...)
 */
export function parseStrictMembers(text: string, limits: StrictJsonLimits): [string, unknown][] {
  const reader = readerOf(text, limits);
  return reader.document(() => reader.members(0));
}

function readerOf(text: string, limits: StrictJsonLimits) {
  let at = 0;

  function fail(reason: string): never {
    throw new StrictJsonError(`${reason} at character ${at}`);
  }
  if (text.length > limits.maxBytes || new TextEncoder().encode(text).length > limits.maxBytes) {
    fail(`larger than ${limits.maxBytes} bytes`);
  }

  function skipSpace(): void {
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    }
  }

  function expect(token: string): void {
    if (!text.startsWith(token, at)) fail(`expected ${token}`);
    at += token.length;
  }

  function matched(pattern: RegExp): string {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? '';
    at += found.length;
    return found;
  }

  function string(): string {
    expect('"');
    let result = matched(PLAIN_RUN);
    while (text[at] === '\\') {
      const kind = text[at + 1] ?? '';
      const simple = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
      if (simple !== undefined) {
        result += simple;
        at += 2;
      } else {
        const hex = text.slice(at + 2, at + 6);
        if (kind !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) fail('bad escape');
        result += String.fromCharCode(Number.parseInt(hex, 16));
        at += 6;
      }
      result += matched(PLAIN_RUN);
    }
    if (text[at] !== '"') fail('unterminated string or bare control character');
    at += 1;
    if (!isWellFormed(result)) fail('lone surrogate');
    return result;
  }

  function number(): number {
    const digits = matched(NUMBER);
    if (digits === '') fail('unexpected character');
    const parsed = Number(digits);
    if (!Number.isFinite(parsed)) fail('number out of range');
    return parsed;
  }

  function list<T>(open: string, close: string, depth: number, item: () => T): T[] {
    if (depth >= limits.maxDepth) fail(`nested deeper than ${limits.maxDepth}`);
    expect(open);
    const items: T[] = [];
    skipSpace();
    if (text[at] === close) {
      at += 1;
      return items;
    }
    for (;;) {
      items.push(item());
      skipSpace();
      if (text[at] === close) break;
      expect(',');
    }
    at += 1;
    return items;
  }

  function members(depth: number): [string, unknown][] {
    const seen = new Set<string>();
    return list('{', '}', depth, () => {
      skipSpace();
      const key = string();
      if (key === '__proto__') fail('forbidden key');
      if (seen.has(key)) fail('duplicate key');
      seen.add(key);
      skipSpace();
      expect(':');
      return [key, value(depth + 1)];
    });
  }

  function value(depth: number): unknown {
    skipSpace();
    switch (text.charAt(at)) {
      case '{':
        return Object.fromEntries(members(depth));
      case '[':
        return list('[', ']', depth, () => value(depth + 1));
      case '"':
        return string();
      case 't':
        return literal('true', true);
      case 'f':
        return literal('false', false);
      case 'n':
        return literal('null', null);
      default:
        return number();
    }
  }

  function literal<T>(token: string, meaning: T): T {
    expect(token);
    return meaning;
  }

  function document<T>(read: () => T): T {
    skipSpace();
    const result = read();
    skipSpace();
    if (at !== text.length) fail('trailing text');
    return result;
  }

  return { document, value, members };
}
