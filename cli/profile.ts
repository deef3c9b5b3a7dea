/** Which coordinator, and as whom: option, then environment, then the embedded cloud of a data directory. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { apiAudience, cloudDirectories } from '../local/cloud/directories.ts';
import { portsFrom } from '../local/cloud/ports.ts';
import type { ApiAccess } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { tokenSource } from './credentials.ts';
import { exitCodes } from './exit-codes.ts';

/** As commander hands them over. */
export interface ConnectionOptions {
  readonly endpoint?: string;
  readonly audience?: string;
  readonly data?: string;
  readonly portBase?: string;
  readonly as?: string;
  /** Seconds. */
  readonly timeout?: string;
}

export interface LocalCloud {
  readonly dataDir: string;
  readonly api: string;
  readonly controlUrl: string;
  readonly environments: string;
  readonly caFile: string;
}

export interface Profile extends ApiAccess {
  readonly audience: string;
  /** Whether the caller is one of the embedded cloud's own identities, and which. */
  readonly as: string | undefined;
  readonly local: LocalCloud | undefined;
}

const defaultData = '.tributary';
const localIdentities = ['viewer', 'operator', 'admin'];

export interface ProfileSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Credentials of somebody else than the local operator: the file's, or the process's own where there is none. */
  readonly identityFile?: string;
  /** Used where neither option nor environment names a coordinator. */
  readonly fallbackEndpoint?: string;
  readonly fallbackAudience?: string;
}

/** Throws {@link CliError} with exit code 2 where nothing names a coordinator; asks no service anything. */
export function resolveProfile(options: ConnectionOptions, sources: ProfileSources): Profile {
  const { environment } = sources;
  const dataDir = resolve(options.data ?? defaultData);
  const local = localCloud(dataDir, options);
  const named =
    options.endpoint ??
    (options.data === undefined ? environment['TRIBUTARY_ENDPOINT'] : undefined) ??
    sources.fallbackEndpoint;
  const endpoint = checkedUrl(named ?? local?.api ?? nothingNamed(dataDir));
  const isLocal = local !== undefined && local.api === endpoint;
  const audience =
    options.audience ?? environment['TRIBUTARY_AUDIENCE'] ?? sources.fallbackAudience ?? apiAudience;
  if (!isLocal && options.as !== undefined) {
    throw usage(
      `--as chooses an identity of an embedded cloud; to ${endpoint} you go as who you are signed in as`,
    );
  }
  const as = isLocal && sources.identityFile === undefined ? identityName(options.as) : undefined;
  const identityFile =
    sources.identityFile ?? (isLocal && as !== undefined ? join(local.environments, `${as}.env`) : undefined);
  return {
    endpoint,
    audience,
    as,
    local: isLocal ? local : undefined,
    token: tokenSource({ audience, identityFile }),
    ...(options.timeout === undefined ? {} : { timeoutMs: seconds(options.timeout) * 1_000 }),
  };
}

/** The embedded cloud of the data directory; throws where there is none. */
export function requireLocalCloud(options: ConnectionOptions): LocalCloud {
  const dataDir = resolve(options.data ?? defaultData);
  const local = localCloud(dataDir, options);
  if (local === undefined) {
    throw new CliError({
      slug: 'no-local-cloud',
      detail: `${dataDir} holds no embedded cloud.`,
      exitCode: exitCodes.usage,
      tryThis: 'tributary up, or --data DIRECTORY',
    });
  }
  return local;
}

function localCloud(dataDir: string, { portBase }: ConnectionOptions): LocalCloud | undefined {
  const directories = cloudDirectories(dataDir);
  if (!existsSync(directories.topology)) return undefined;
  const topology = z
    .object({ portBase: z.int() })
    .safeParse(JSON.parse(readFileSync(directories.topology, 'utf8')));
  if (!topology.success) throw usage(`${directories.topology} is not an embedded cloud's`);
  const base = topology.data.portBase;
  if (portBase !== undefined && Number(portBase) !== base) {
    throw usage(`the embedded cloud in ${dataDir} has --port-base ${base}, not ${portBase}`);
  }
  const ports = portsFrom(base);
  return {
    dataDir,
    api: `http://127.0.0.1:${ports.functions}`,
    controlUrl: `http://127.0.0.1:${ports.control}`,
    environments: directories.environments,
    caFile: join(directories.tls, 'ca.pem'),
  };
}

function identityName(as = 'operator'): string {
  if (!localIdentities.includes(as)) throw usage(`--as is one of ${localIdentities.join(', ')}, not ${as}`);
  return as;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw usage(`--timeout is a number of seconds, not ${text}`);
  return value;
}

function checkedUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw usage(`${text} is not an http or https address`);
  }
  return text.replace(/\/+$/, '');
}

function nothingNamed(dataDir: string): never {
  throw new CliError({
    slug: 'no-coordinator',
    detail: `Nothing names a coordinator: looked at --endpoint, TRIBUTARY_ENDPOINT and ${dataDir}.`,
    exitCode: exitCodes.usage,
    tryThis: 'tributary up, --data DIRECTORY or --endpoint URL',
  });
}

function usage(detail: string): CliError {
  return new CliError({ slug: 'usage', detail, exitCode: exitCodes.usage });
}
