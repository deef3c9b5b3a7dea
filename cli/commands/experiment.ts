import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import type { ExperimentList, ExperimentView } from '../../shared/contracts/api.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { onInterrupt } from '../interrupted.ts';
import { readExperimentFile } from '../read-experiment-file.ts';
import { watchExperiment } from '../watch.ts';
import { openSession, type Session, type SessionOptions, withConnection } from './session.ts';

/** `tributary experiment …`: what operators do with experiments. */
export function experimentCommand(program: Command): void {
  const noun = program.command('experiment').alias('exp').description('create, watch and steer experiments');

  withConnection(noun.command('create <spec>'))
    .description('create an experiment from a JSON or YAML file, or from stdin (-)')
    .option('--idempotency-key <key>', 'repeating the command with the same key creates nothing new')
    .option('--name <name>', "instead of the file's name")
    .option('--watch', 'stay until it has ended')
    .action(create);

  withConnection(noun.command('list').alias('ls'))
    .description('list experiments, newest first')
    .option('--limit <number>', 'at most so many', wholeNumber, 50)
    .action(list);

  withConnection(noun.command('show <id>'))
    .description('show how far an experiment is and what it waits for')
    .action(async (id: string, options: SessionOptions) => {
      const { client, say } = openSession(options);
      const view = await client.showExperiment(id);
      const { experimentText } = await import('../output/experiment-text.ts');
      say.result(view, () => experimentText(view, Date.now()));
    });

  withConnection(noun.command('watch <id>'))
    .description('follow an experiment until it has ended; Ctrl-C leaves it running')
    .action((id: string, options: SessionOptions) => watch(id, options, openSession(options)));

  withConnection(noun.command('round'))
    .description('show one round, silo by silo')
    .argument('<id>')
    .argument('<round>', 'its number; 0 makes the initial model', wholeNumber)
    .option('--attempt <number>', 'an earlier attempt; default the last', wholeNumber)
    .action(async (id: string, round: number, options: SessionOptions & { attempt?: number }) => {
      const { client, say } = openSession(options);
      const view = await client.showRound(id, round, options.attempt);
      const { roundDetails } = await import('../output/experiment-text.ts');
      say.result(view, () => roundDetails(view));
    });

  for (const [verb, description] of [
    ['cancel', 'end an experiment; what it has published stays'],
    ['suspend', 'pause an experiment at the end of its round'],
    ['resume', 'let a suspended experiment go on'],
  ] as const) {
    withConnection(noun.command(`${verb} <id>`))
      .description(description)
      .action(async (id: string, options: SessionOptions) => {
        const { client, say } = openSession(options);
        const accepted = await client.controlExperiment(id, verb);
        say.result(accepted, () => `${verb} was accepted for ${id}`);
        say.hint(`next: tributary experiment watch ${id}`);
      });
  }
}

async function create(
  file: string,
  options: SessionOptions & { idempotencyKey?: string; name?: string; watch?: boolean },
): Promise<void> {
  const spec = await readExperimentFile(file, options.name === undefined ? {} : { name: options.name });
  const session = openSession(options);
  const { client, say } = session;
  const created = await client.createExperiment(spec, options.idempotencyKey ?? randomUUID());
  if (options.watch === true) {
    say.hint(`${created.experiment} ${created.created ? 'was created' : 'was created before'}`);
    await watch(created.experiment, options, session);
    return;
  }
  say.result(created, () => created.experiment);
  if (!created.created) say.hint('it was created before, with the same Idempotency-Key');
  say.hint(`next: tributary experiment watch ${created.experiment}`);
}

async function list(options: SessionOptions & { limit: number }): Promise<void> {
  const { client, say } = openSession(options);
  const experiments: ExperimentList['experiments'] = [];
  for (let after: string | undefined; experiments.length < options.limit; ) {
    const limit = Math.min(200, options.limit - experiments.length);
    const page = await client.listExperiments({ limit, ...(after === undefined ? {} : { after }) });
    experiments.push(...page.experiments);
    if (page.next === null) break;
    after = page.next;
  }
  const { experimentTable } = await import('../output/experiment-text.ts');
  say.result({ experiments }, () => experimentTable(experiments, Date.now()));
}

async function watch(id: string, options: SessionOptions, { client, say }: Session): Promise<void> {
  const { watchView } = await import('../output/watch-view.ts');
  const stream = say.json ? process.stderr : process.stdout;
  const view = options.quiet === true ? undefined : watchView(stream);
  const interrupt = onInterrupt();
  let last: ExperimentView;
  try {
    last = await watchExperiment(client, id, {
      signal: interrupt.signal,
      onUpdate: (seen) => view?.update(seen),
      ...(options.timeout === undefined ? {} : { limitMs: Number(options.timeout) * 1_000 }),
    });
  } finally {
    interrupt.release();
  }
  if (last.status !== 'completed') {
    if (say.json) process.stdout.write(`${JSON.stringify(last)}\n`);
    throw endedBadly(last, say.json);
  }
  say.result(last, () => {
    const model = last.model === null ? '' : `, model version ${last.model.version}`;
    return `${id} completed${last.reason === null ? '' : `: ${last.reason.detail}`}${model}`;
  });
  if (last.model !== null) say.hint(`next: tributary model download ${id}`);
}

function endedBadly({ experiment, status, reason }: ExperimentView, shown: boolean): CliError {
  return new CliError({
    slug: reason?.slug ?? status,
    detail: `${experiment} ended ${status}${reason === null ? '' : `: ${reason.detail}`}.`,
    exitCode: exitCodes.experimentFailed,
    tryThis: `tributary experiment show ${experiment}`,
    ...(shown ? { resultShown: true } : {}),
  });
}

function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}
