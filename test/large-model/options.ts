import { parseArgs } from 'node:util';

export interface LargeModelOptions {
  readonly elements: number;
  readonly silos: number;
  readonly shardMib: number;
  readonly kills: number;
  /** Folding threads; undefined leaves it to the product. */
  readonly workers: number | undefined;
  readonly json: boolean;
}

export const usage = `npm run large-model -- [options]

Aggregates sealed updates of one large model through the activity and the embedded cloud, in a process of its own which
is killed in the middle, and compares the result with arithmetic of its own. Needs disk space for about (3 + silos) x size.

  --size BYTES      of the model, with K, M or G after it (default 5G, which is 5,000,000,000)
  --silos N         default 4
  --shard-mib N     default 512
  --kills N         SIGKILLs, spread over the run (default 1)
  --workers N       folding threads
  --json            the report as JSON`;

/** @throws Error where an option is none or has no such value. */
export function readOptions(args: readonly string[]): LargeModelOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '5G' },
      silos: { type: 'string', default: '4' },
      'shard-mib': { type: 'string', default: '512' },
      kills: { type: 'string', default: '1' },
      workers: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const whole = (name: string, text: string, least: number, most: number): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}`);
  };
  return {
    elements: elementsOf(values.size),
    silos: whole('silos', values.silos, 1, 100),
    shardMib: whole('shard-mib', values['shard-mib'], 1, 999_999),
    kills: whole('kills', values.kills, 0, 100),
    workers: values.workers === undefined ? undefined : whole('workers', values.workers, 0, 99),
    json: values.json,
  };
}

function elementsOf(size: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([KMG]?)$/.exec(size) ?? [];
  const elements = Math.floor((Number(digits) * 1_000 ** ['', 'K', 'M', 'G'].indexOf(unit)) / 4);
  if (digits !== '' && elements >= 1_000 && elements <= 10_000_000_000) return elements;
  throw new Error(`--size is a number of bytes from 4K to 40G, not ${size}`);
}
