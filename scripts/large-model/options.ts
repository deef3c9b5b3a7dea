import { parseArgs } from 'node:util';

export interface LargeModelOptions {
  readonly bytes: number;
  readonly silos: number;
  readonly shardMib: number;
  readonly kills: number;
  /** What a process that aggregates may hold at most, in MiB; no bound where absent. */
  readonly mostMib?: number | undefined;
  readonly json: boolean;
}

export const usage = `npm run large-model -- [options]

Aggregates sealed updates of a large model by the activity, through the embedded cloud, in a process of its own that is
killed in the middle, and compares the new model with arithmetic of its own. Takes disk space of (3 + silos) x size.

  --size BYTES      of the model, with K, M or G after it (default 5G, which is 5,000,000,000)
  --silos N         default 4
  --shard-mib N     default 512
  --kills N         SIGKILLs, spread over the run (default 1)
  --most-mib N      fail where a process that aggregates held more memory than that
  --json            the report as JSON`;

/** @throws Error where there is no such option or it has no such value. */
export function readOptions(args: readonly string[]): LargeModelOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '5G' },
      silos: { type: 'string', default: '4' },
      'shard-mib': { type: 'string', default: '512' },
      kills: { type: 'string', default: '1' },
      'most-mib': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    bytes: bytesOf(values.size),
    silos: whole('silos', values.silos, 1, 100),
    shardMib: whole('shard-mib', values['shard-mib'], 1, 999_999),
    kills: whole('kills', values.kills, 0, 100),
    mostMib: values['most-mib'] === undefined ? undefined : whole('most-mib', values['most-mib'], 1, 999_999),
    json: values.json,
  };
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}`);
}

function bytesOf(size: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([KMG]?)$/.exec(size) ?? [];
  const bytes = Number(digits) * 1_000 ** ['', 'K', 'M', 'G'].indexOf(unit);
  if (digits !== '' && bytes >= 1_000_000 && bytes <= 40_000_000_000) return bytes;
  throw new Error(`--size is a number of bytes from 1M to 40G, not ${size}`);
}
