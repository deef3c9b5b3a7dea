/** One line per record on stderr: text for people, JSON lines for collectors. Bodies, keys and tokens never enter it. */
export const logLevels = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  /** Records below it are dropped. */
  readonly level: LogLevel;
  readonly json?: boolean;
  readonly now?: () => number;
  /** Default: stderr. */
  readonly write?: (line: string) => void;
}

export type Log = (
  level: LogLevel,
  category: string,
  message: string,
  fields?: Readonly<Record<string, string | number>>,
) => void;

export const parseLogLevel = (text: string | undefined): LogLevel | undefined =>
  logLevels.find((level) => level === text?.toLowerCase());

export function createLog(options: LogOptions): Log {
  const least = logLevels.indexOf(options.level);
  const now = options.now ?? Date.now;
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  return (level, category, message, fields) => {
    if (logLevels.indexOf(level) < least || options.level === 'none') return;
    const time = new Date(now()).toISOString();
    if (options.json) {
      write(`${JSON.stringify({ time, level, category, message, ...fields })}\n`);
      return;
    }
    const tail = Object.entries(fields ?? {}).map(([name, value]) => ` ${name}=${value}`);
    write(`${time} ${level} ${category}: ${message.replaceAll(/[\r\n]+/g, ' | ')}${tail.join('')}\n`);
  };
}
