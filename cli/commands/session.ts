import { type Command, Option } from 'commander';
import { type ApiClient, createApiClient } from '../api-client.ts';
import { type ConnectionOptions, type Profile, resolveProfile } from '../profile.ts';

/** Options that every command which talks to a coordinator has. */
export interface SessionOptions extends ConnectionOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function withConnection(command: Command): Command {
  return withOutput(withData(command))
    .option('--endpoint <url>', 'the coordinator (or TRIBUTARY_ENDPOINT)')
    .option('--audience <uri>', 'whom tokens are for (or TRIBUTARY_AUDIENCE)')
    .addOption(
      new Option('--as <identity>', 'identity of the embedded cloud; default operator').choices([
        'viewer',
        'operator',
        'admin',
      ]),
    )
    .option('--timeout <seconds>', 'limit of a call to the API; for watch, of watching');
}

export function withData(command: Command): Command {
  return command
    .option('--data <directory>', 'data of the embedded cloud; default .tributary')
    .option('--port-base <number>', 'its first port, to be sure that it is the one meant');
}

export function withOutput(command: Command): Command {
  return command
    .option('--json', 'only JSON on stdout; what people read goes to stderr')
    .option('-q, --quiet', 'no progress and no hints');
}

/** A command's connection and where its words go. */
export interface Session {
  readonly profile: Profile;
  readonly client: ApiClient;
  readonly say: Voice;
}

export interface Voice {
  readonly json: boolean;
  /** The command's result: JSON under --json, else the text. */
  result(value: unknown, text: () => string): void;
  /** What helps a person and no program: stderr, silent under --quiet. */
  hint(text: string): void;
}

export function openSession(options: SessionOptions): Session {
  const profile = resolveProfile(options, { environment: process.env });
  return { profile, client: createApiClient(profile), say: voice(options) };
}

export function voice({ json = false, quiet = false }: SessionOptions): Voice {
  return {
    json,
    result(value, text) {
      process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`);
    },
    hint(text) {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
  };
}
