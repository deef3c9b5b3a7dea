import { BlobError } from './blob-error.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
};

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => ESCAPES[character] ?? character);
}

/** An element around text, which is escaped. */
export function textElement(name: string, text: string | number | boolean): string {
  return `<${name}>${escapeXml(String(text))}</${name}>`;
}

/** A document around ready markup. No white space between elements: the clients would read it as text. */
export function xmlDocument(root: string, content: string, attributes = ''): string {
  return `<?xml version="1.0" encoding="utf-8"?><${root}${attributes}>${content}</${root}>`;
}

/**
 * Reads `<root><name>text</name>…</root>`, the only shape a client ever sends: no attributes, no nesting, no
 * entities. Linear in the length of the text. Throws 400 InvalidXmlDocument on anything else.
 */
export function readFlatXml(text: string, root: string): { name: string; text: string }[] {
  const cursor = new Cursor(text);
  cursor.take(/\s*(?:<\?xml[^>]*\?>)?\s*/y);
  const open = cursor.take(new RegExp(`<${root}\\s*(/?)>\\s*`, 'y'));
  if (open === undefined) throw invalidXml();
  const children: { name: string; text: string }[] = [];
  if (open[1] !== '/') {
    for (;;) {
      const child = cursor.take(/<([A-Za-z]{1,40})>([^<&]*)<\/([A-Za-z]{1,40})>\s*/y);
      if (child === undefined) break;
      const [, name = '', content = '', close] = child;
      if (name !== close) throw invalidXml();
      children.push({ name, text: content.trim() });
    }
    if (cursor.take(new RegExp(`</${root}>\\s*`, 'y')) === undefined) throw invalidXml();
  }
  if (!cursor.atEnd()) throw invalidXml();
  return children;
}

class Cursor {
  private readonly text: string;
  private position = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Moves past a sticky pattern, or stays and gives undefined. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.position = pattern.lastIndex;
    return match;
  }

  atEnd(): boolean {
    return this.position === this.text.length;
  }
}

function invalidXml(): BlobError {
  return new BlobError(400, 'InvalidXmlDocument', 'XML specified is not syntactically valid.');
}
