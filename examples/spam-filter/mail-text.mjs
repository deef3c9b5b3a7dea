// Turns a raw mail into the words a person would read: subject and text parts, nothing from the other headers.
// The corpus can be told apart by its headers alone (which list, which collector's address, which year), so a model
// that saw them would learn the collection rather than spam. The traces that lists leave inside the text go too:
// the [tag] in the subject and the footer under the signature line. Addresses and numbers become one word each.

const MOST_CHARACTERS = 20_000;
const DEEPEST_PART = 4;
const LONGEST_FOOTER = 1_200;
const WORD = /<(?:url|mail|number|foreign)>|[a-z][a-z']{1,19}/g;
/** @type {Readonly<Record<string, string>>} */
const ENTITIES = { amp: '&', lt: ' ', gt: ' ', quot: '"', nbsp: ' ', apos: "'" };

/**
 * @typedef {object} MailText
 * @property {string} subject without list tags and reply marks
 * @property {string} body text parts, decoded, markup and list footers removed
 */

/**
 * Reads what a person would see of a mail. Broken encodings and missing parts give less text, never an error.
 * @param {string} raw headers, blank line, body
 * @returns {MailText}
 */
export function readMail(raw) {
  const { headers, content } = splitPart(raw);
  const subject = decodeWords(headers.get('subject') ?? '')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(?:re|fwd?)\s*:/gi, ' ');
  const body = withoutFooter(textOf(headers, content.slice(0, 8 * MOST_CHARACTERS), 0));
  return { subject: subject.trim(), body: body.slice(0, MOST_CHARACTERS) };
}

/**
 * The lower-case words of a text; `<url>`, `<mail>`, `<number>` and `<foreign>` stand for what is not a word.
 * @param {string} text
 * @returns {string[]}
 */
export function wordsOf(text) {
  const masked = text
    .toLowerCase()
    .replace(/[<>]/g, ' ')
    .replace(/(?:https?|ftp):\/\/\S+|\bwww\.\S+/g, ' <url> ')
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)*/g, ' <mail> ')
    .replace(/\b\d[\d.,:/-]*/g, ' <number> ')
    .replace(/[^\u0000-\u007f]+/g, ' <foreign> ');
  return masked.match(WORD) ?? [];
}

/** @param {string} part */
function splitPart(part) {
  const end = /\r?\n\r?\n/.exec(part);
  const head = end ? part.slice(0, end.index) : part;
  /** @type {Map<string, string>} */
  const headers = new Map();
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (/^[a-z0-9-]+$/.test(name) && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers, content: end ? part.slice(end.index + end[0].length) : '' };
}

/**
 * @param {Map<string, string>} headers
 * @param {string} content
 * @param {number} depth
 * @returns {string}
 */
function textOf(headers, content, depth) {
  const type = headers.get('content-type') ?? 'text/plain';
  const kind = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (kind.startsWith('multipart/') && depth < DEEPEST_PART) {
    const boundary = /boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(type);
    const marker = boundary?.[1] ?? boundary?.[2];
    if (marker !== undefined) {
      const parts = `\n${content}`.split(`\n--${marker}`).slice(1);
      return parts
        .filter((part) => !part.startsWith('--'))
        .map((part) => splitPart(part.replace(/^[^\n]*\n/, '')))
        .map((part) => textOf(part.headers, part.content, depth + 1))
        .join('\n');
    }
  }
  if (!kind.startsWith('text/') && !kind.startsWith('multipart/')) return '';
  const decoded = decodeTransfer(content, headers.get('content-transfer-encoding') ?? '');
  return kind === 'text/html' || /^\s*<(?:!doctype|html|head|body|table)/i.test(decoded)
    ? withoutMarkup(decoded)
    : decoded;
}

/**
 * @param {string} content
 * @param {string} encoding
 */
function decodeTransfer(content, encoding) {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(content, 'base64').toString('latin1');
    case 'quoted-printable':
      return decodeHex(content.replace(/=[ \t]*\r?\n/g, ''));
    default:
      return content;
  }
}

/** @param {string} text */
function decodeHex(text) {
  return text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** @param {string} subject */
function decodeWords(subject) {
  return subject.replace(/=\?[^?]*\?([bq])\?([^?]*)\?=/gi, (_, encoding, text) =>
    encoding.toLowerCase() === 'b'
      ? Buffer.from(text, 'base64').toString('latin1')
      : decodeHex(text.replaceAll('_', ' ')),
  );
}

/** @param {string} html */
function withoutMarkup(html) {
  return html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, ' ')
    .replace(/<\/?(?:b|i|u|font|span|em|strong|a)\b[^>]*>/gi, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d{1,5});/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/&([a-z]+);/gi, (_, name) => ENTITIES[name.toLowerCase()] ?? ' ');
}

/** @param {string} body */
function withoutFooter(body) {
  const sponsored = body.search(/\n-{20,} Yahoo! Groups Sponsor/);
  const own = sponsored < 0 ? body : body.slice(0, sponsored);
  const rule = [...own.matchAll(/^(?:-- ?|_{30,}|-{40,})\r?$/gm)].at(-1);
  return rule && own.length - rule.index < LONGEST_FOOTER ? own.slice(0, rule.index) : own;
}
