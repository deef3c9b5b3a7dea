/** Bicep text as tokens. Newlines are tokens: they end declarations, properties and array items. */

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'punctuation' | 'newline' | 'end';
  /** The name, the punctuation, the digits; of a string its source text. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Of a string: what is written and what is interpolated, in order. */
  readonly parts?: readonly StringPart[];
}

export type StringPart =
  | { readonly text: string }
  | { readonly tokens: readonly Token[]; readonly source: string };

export class BicepSyntaxError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.name = 'BicepSyntaxError';
    this.offset = offset;
  }
}

const punctuations = /^(?:\.\.\.|=>|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|::|\.\?|\[\?|[{}[\]().,:=+\-*/%<>!?|@])/;
const skipped = /^(?:[ \t]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|#disable-[^\n]*)/;

/** @throws BicepSyntaxError at the first character that begins no token. */
export function tokenize(source: string, from = 0): Token[] {
  const tokens: Token[] = [];
  let at = from;
  while (at < source.length) {
    const rest = source.slice(at);
    const blank = skipped.exec(rest);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const token = tokenAt(source, at, rest);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', start: at, end: at });
  return tokens;
}

function tokenAt(source: string, start: number, rest: string): Token {
  const plain = (kind: Token['kind'], pattern: RegExp): Token | undefined => {
    const text = pattern.exec(rest)?.[0];
    return text === undefined ? undefined : { kind, text, start, end: start + text.length };
  };
  if (rest.startsWith("'''")) return multiLine(source, start);
  if (rest.startsWith("'")) return singleLine(source, start);
  const token =
    plain('newline', /^\r?\n/) ??
    plain('name', /^[A-Za-z_]\w*/) ??
    plain('number', /^\d+/) ??
    plain('punctuation', punctuations);
  if (token === undefined) throw new BicepSyntaxError(`no token begins with ${rest.slice(0, 1)}`, start);
  return token;
}

function multiLine(source: string, start: number): Token {
  const close = source.indexOf("'''", start + 3);
  if (close < 0) throw new BicepSyntaxError("a text that begins with ''' does not end", start);
  const text = source.slice(start + 3, close).replace(/^\r?\n/, '');
  return { kind: 'string', text: source.slice(start, close + 3), start, end: close + 3, parts: [{ text }] };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function singleLine(source: string, start: number): Token {
  const parts: StringPart[] = [];
  let text = '';
  let at = start + 1;
  for (;;) {
    const character = source[at];
    if (character === undefined || character === '\n') {
      throw new BicepSyntaxError('a text is not closed on its line', start);
    }
    if (character === "'") break;
    if (character === '\\') {
      const escaped = source[at + 1] ?? '';
      text += escapes[escaped] ?? escaped;
      at += 2;
    } else if (character === '$' && source[at + 1] === '{') {
      if (text !== '') parts.push({ text });
      text = '';
      const close = endOfInterpolation(source, at + 2);
      const inner = source.slice(0, close);
      parts.push({ tokens: tokenize(inner, at + 2), source: source.slice(at + 2, close) });
      at = close + 1;
    } else {
      text += character;
      at += 1;
    }
  }
  if (text !== '' || parts.length === 0) parts.push({ text });
  return { kind: 'string', text: source.slice(start, at + 1), start, end: at + 1, parts };
}

/** Offset of the brace that closes an interpolation, past braces and texts within it. */
function endOfInterpolation(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    const character = source[at];
    if (character === "'") at = singleLine(source, at).end - 1;
    else if (character === '{') depth += 1;
    else if (character === '}' && depth === 0) return at;
    else if (character === '}') depth -= 1;
    else if (character === '\n') break;
  }
  throw new BicepSyntaxError('an interpolation is not closed', from);
}
