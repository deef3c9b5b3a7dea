import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { SiloView } from '../../shared/contracts/api.ts';
import { siloId } from '../../shared/contracts/identifiers.ts';
import { createApiClient } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { commandWords, withAbsoluteFiles } from '../command-words.ts';
import { exitCodes } from '../exit-codes.ts';
import { type ConnectionOptions, requireLocalCloud, resolveProfile } from '../profile.ts';
import { credentialsFile, readSiloFile } from '../silo-files.ts';
import { openSession, type SessionOptions, voice, withConnection, withData, withOutput } from './session.ts';

interface InitOptions extends SessionOptions {
  readonly train: string;
  readonly dataDir: string;
  readonly displayName?: string;
  readonly trainTimeout?: string;
}

/** `tributary silo …`: the roster, and running a silo's agent. */
export function siloCommand(program: Command): void {
  const noun = program.command('silo').description('set up, register and run silos');

  withOutput(withData(noun.command('init <id>')))
    .description('make a silo of the embedded cloud: its queue, container, vault, identity and silo.yaml')
    .requiredOption('--train <command>', 'the training command, such as "node train.mjs"')
    .option('--data-dir <directory>', 'what it trains on', './data')
    .option('--display-name <name>', 'how people call the silo')
    .option('--train-timeout <seconds>', 'how long one training may take')
    .action(init);

  withConnection(noun.command('register'))
    .description('sign the registration with the silo’s key and hand it in')
    .requiredOption('--config <file>', 'silo.yaml')
    .option('--self', 'as the silo itself: it stays pending until an operator admits it')
    .option('--previous-sig <key id>', 'when keys change: also sign with the signing key before')
    .option('--print', 'only print the signed registration, to be sent to an operator')
    .action(register);

  withConnection(noun.command('list').alias('ls'))
    .description('list the roster')
    .action(async (options: SessionOptions) => {
      const { client, say } = openSession(options);
      const silos = await client.listSilos();
      const { siloTable } = await import('../output/silo-text.ts');
      say.result({ silos }, () => siloTable(silos));
    });

  for (const [verb, description, status] of [
    ['admit', 'let a registered silo take part', 'active'],
    ['disable', 'ask a silo no more', 'disabled'],
  ] as const) {
    withConnection(noun.command(`${verb} <id>`))
      .description(description)
      .action(async (id: string, options: SessionOptions) => {
        const { client, say } = openSession(options);
        const silo = await client.setSilo(id, verb);
        say.result(silo, () => `${id} is ${status}`);
      });
  }

  withConnection(noun.command('revoke-key <id> <thumbprint>'))
    .description('let a key of a silo count for nothing any more; this is not taken back')
    .action(async (id: string, jkt: string, options: SessionOptions) => {
      const { client, say } = openSession(options);
      const silo = await client.revokeSiloKey(id, jkt);
      say.result(silo, () => `key ${jkt} of ${id} is revoked`);
    });

  withOutput(noun.command('run'))
    .description('run the agent of a silo until Ctrl-C')
    .requiredOption('--config <file>', 'silo.yaml')
    .option('--check', 'only look whether everything that a task needs is there')
    .action(async (options: { config: string; check?: boolean; json?: boolean }) => {
      const config = resolve(options.config);
      await readSiloFile(config);
      const { runAgentProcess } = await import('../silo-process.ts');
      const flags = [...(options.check ? ['--check'] : []), ...(options.json ? ['--json'] : [])];
      process.exitCode = await runAgentProcess(config, flags);
    });
}

async function init(id: string, options: InitOptions): Promise<void> {
  const silo = siloId.safeParse(id);
  if (!silo.success) throw usage(`${id} is not ${silo.error.issues[0]?.message ?? 'a silo id'}`);
  const timeoutSeconds = options.trainTimeout === undefined ? undefined : Number(options.trainTimeout);
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0)) {
    throw usage(`--train-timeout is a number of seconds, not ${options.trainTimeout}`);
  }
  const trainingCommand = trainingWords(options.train);
  const cloud = requireLocalCloud(options);
  const { controlKey, describeCloud } = await import('../control-client.ts');
  await describeCloud(cloud);
  const client = createApiClient({ endpoint: cloud.api, token: () => Promise.resolve('') });
  const { planSigningThumbprint } = await client.health();
  if (planSigningThumbprint === null) {
    throw new CliError({
      slug: 'unreachable',
      detail: 'The coordinator cannot name its plan-signing key now.',
      exitCode: exitCodes.unreachable,
      tryThis: 'again in a moment',
    });
  }
  const { makeLocalSilo } = await import('../up/local-silo.ts');
  const { configFile, resources } = await makeLocalSilo({
    silo: silo.data,
    dataDir: cloud.dataDir,
    controlUrl: cloud.controlUrl,
    controlKey: await controlKey(cloud),
    api: cloud.api,
    planSigningThumbprint,
    trainingCommand,
    trainingData: resolve(options.dataDir),
    ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  });
  const say = voice(options);
  say.result(
    { silo: id, configFile, environmentFile: join(configFile, '..', 'agent.env'), resources },
    () => configFile,
  );
  say.hint(`next: tributary silo register --config ${configFile}`);
  say.hint(`      tributary silo run --config ${configFile}`);
}

async function register(
  options: ConnectionOptions &
    SessionOptions & { config: string; self?: boolean; print?: boolean; previousSig?: string },
): Promise<void> {
  const config = resolve(options.config);
  const { silo, coordinator } = await readSiloFile(config);
  const say = voice(options);
  const { signRegistration } = await import('../silo-process.ts');
  if (options.print === true) {
    process.stdout.write(`${JSON.stringify(await signRegistration(config, options.previousSig))}\n`);
    return;
  }
  const identityFile = options.self === true ? credentialsFile(config) : undefined;
  const profile = resolveProfile(options, {
    environment: process.env,
    fallbackEndpoint: coordinator.url,
    fallbackAudience: coordinator.audience,
    ...(identityFile === undefined ? {} : { identityFile }),
  });
  const document = await signRegistration(config, options.previousSig);
  const entry: SiloView = await createApiClient(profile).registerSilo(document);
  const who = options.self === true ? 'itself' : (profile.as ?? 'you');
  say.result(entry, () => `${silo} is ${entry.status} (registered by ${who})`);
  if (entry.status === 'pending') say.hint(`next, as an operator: tributary silo admit ${silo}`);
}

function trainingWords(line: string): string[] {
  try {
    const words = withAbsoluteFiles(commandWords(line), process.cwd());
    if (words.length > 0) return words;
  } catch (error) {
    throw usage(`--train: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw usage('--train is empty');
}

function usage(detail: string): CliError {
  return new CliError({ slug: 'usage', detail, exitCode: exitCodes.usage });
}
