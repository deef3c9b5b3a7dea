/** One line per event. Callers pass names, numbers and reasons; never keys, tokens, links or weights. */
export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  (level: LogLevel, event: string, fields?: LogFields): void;
}

export interface LogOptions {
  readonly json: boolean;
  readonly now: () => number;
  readonly write: (line: string) => void;
}

export function startLog({ json, now, write }: LogOptions): Log {
  return (level, event, fields = {}) => {
    const time = new Date(now()).toISOString();
    const known = Object.entries(fields).filter(([, value]) => value !== undefined);
    if (json) {
      write(`${JSON.stringify({ time, level, event, ...Object.fromEntries(known) })}\n`);
      return;
    }
    const rest = known.map(([name, value]) => ` ${name}=${plain(value)}`).join('');
    write(`${time} ${level.padEnd(5)} ${event}${rest}\n`);
  };
}

/** Quoted where it would not read as one word: a trainer's output cannot forge a line. */
function plain(value: LogFields[string]): string {
  const text = String(value);
  return /^[\w.:/@#+-]+$/.test(text) ? text : JSON.stringify(text);
}

/** What went wrong in one short line: the message and, where there is one, the client's error code. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  // Clients that retry give up with all the errors they met: the last says how things stand.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors.at(-1));
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  const cause = error.cause instanceof Error ? ` (${reasonOf(error.cause)})` : '';
  const line = `${code}${withoutQueries(error.message.split('\n', 1)[0] || error.name)}${cause}`;
  return line.slice(0, 500);
}

/** The query of an address may be a shared access signature. */
function withoutQueries(text: string): string {
  return text.replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/g, '$1?...');
}
