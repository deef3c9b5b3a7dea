/** silo.yaml: what a silo's operator decides. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';
import { didYouMean } from '../shared/contracts/did-you-mean.ts';
import { sha256Hex, siloId, thumbprint } from '../shared/contracts/identifiers.ts';
import { keyId } from '../shared/contracts/keys.ts';
import { taskKind } from '../shared/contracts/plan.ts';

const policy = z.strictObject({
  tasks: z.array(taskKind).min(1).default(['train', 'evaluate', 'init']),
  /** Results from fewer examples are kept here. */
  minExamples: z.int().min(1).default(1),
  /** Rosters that this silo agreed to; empty accepts any. */
  rosterDigests: z.array(sha256Hex).default([]),
  maxBaseBytes: z.int().min(1).optional(),
  /** Whether the tail of a failed trainer's stderr, which may quote data, is sent to the coordinator. */
  shareTrainerErrors: z.boolean().default(false),
});
export type SiloPolicy = z.infer<typeof policy>;

const siloConfig = z.strictObject({
  silo: siloId,
  displayName: z.string().trim().min(1).max(100).optional(),
  contact: z.string().max(200).optional(),
  coordinator: z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    audience: z.string().min(1),
    planSigningThumbprint: thumbprint,
  }),
  serviceBus: z.strictObject({
    namespace: z
      .string()
      .regex(/^[A-Za-z0-9.-]+(:\d{1,5})?$/, 'a fully qualified namespace: a host name and perhaps a port'),
    webSocket: z.boolean().default(false),
  }),
  updates: z.strictObject({ account: z.url({ protocol: /^https$/ }) }),
  keys: z.strictObject({ kek: keyId, sig: keyId, verifyChallenge: z.boolean().default(true) }),
  workDirectory: z.string().min(1).default('./work'),
  data: z.string().min(1).default('./data'),
  training: z.strictObject({
    command: z.array(z.string()).min(1),
    timeoutSeconds: z.number().positive().max(2_000_000).default(3_600),
    env: z.record(z.string(), z.string()).default({}),
  }),
  policy: policy.prefault({}),
});

export type SiloConfig = z.infer<typeof siloConfig> & {
  /** Where silo.yaml lies: relative paths start here, and the training command runs here. */
  readonly directory: string;
};

/** What is wrong with silo.yaml, one line per fault, each naming the field. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads and checks a configuration; its paths come back absolute. Throws {@link ConfigError}. */
export async function readConfig(file: string): Promise<SiloConfig> {
  const path = resolve(file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new ConfigError(`${path} cannot be read`);
  }
  return parseConfig(text, path);
}

export function parseConfig(text: string, path: string): SiloConfig {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const where = error instanceof YAMLParseError ? ` at line ${error.linePos?.[0].line ?? '?'}` : '';
    throw new ConfigError(`${path} is not valid YAML${where}`);
  }
  const parsed = siloConfig.safeParse(value);
  if (!parsed.success) {
    const lines = parsed.error.issues.flatMap((issue) => describe(issue));
    throw new ConfigError(`${path} is not a valid silo configuration:\n${lines.join('\n')}`);
  }
  const directory = dirname(path);
  return {
    ...parsed.data,
    directory,
    workDirectory: resolve(directory, parsed.data.workDirectory),
    data: resolve(directory, parsed.data.data),
  };
}

function describe(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`  ${at || '(top level)'}: ${issue.message}`];
  const known = knownFields(issue.path);
  return issue.keys.map((key) => {
    const meant = didYouMean(key, known);
    const hint = meant === undefined ? `known fields: ${known.join(', ')}` : `did you mean "${meant}"?`;
    return `  ${[...issue.path, key].join('.')}: unknown field; ${hint}`;
  });
}

function knownFields(path: readonly PropertyKey[]): string[] {
  let schema: unknown = siloConfig;
  for (const part of path) {
    const shape = unwrapped(schema)?.shape;
    schema = shape?.[String(part)];
  }
  return Object.keys(unwrapped(schema)?.shape ?? {});
}

/** The object schema inside defaults. */
function unwrapped(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  return schema instanceof z.ZodPrefault ? unwrapped(schema.unwrap()) : undefined;
}
