import { resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { defaultPortBase } from '../../local/cloud/ports.ts';
import type { ExperimentView } from '../../shared/contracts/api.ts';
import { metricsText, table } from '../output/tables.ts';
import { untilInterrupted } from '../up/until-interrupted.ts';
import { portBase, wholeNumber } from '../whole-number.ts';
import { median } from './round-times.ts';
import { type DemoResult, runDemo } from './run-demo.ts';

interface Options {
  readonly data: string;
  readonly portBase: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `tributary demo`: three silos train a spam filter together, on this machine, through the code that runs on Azure. */
export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('run a whole federated experiment on this machine, on real mails')
    .option('--data <directory>', 'where everything is kept', '.tributary')
    .option('--port-base <number>', 'first port of a range of 60', portBase, defaultPortBase)
    .option('--seed <number>', 'how mails are dealt and training is seeded', wholeNumber(0, 2 ** 31), 1)
    .option('--json', 'print the figures as JSON and stop')
    .action(async (options: Options) => {
      const started = performance.now();
      const say = (text: string): void => {
        const at = ((performance.now() - started) / 1_000).toFixed(1).padStart(5);
        process.stderr.write(`${pc.dim(`${at} s`)}  ${text}\n`);
      };
      const dataDir = resolve(options.data);
      const onUpdate = progress(say);
      const { stack, result } = await runDemo({
        dataDir,
        portBase: options.portBase,
        seed: options.seed,
        say,
        onUpdate,
      });
      process.stdout.write(options.json === true ? `${JSON.stringify(result, null, 2)}\n` : report(result));
      if (options.json !== true && process.stdout.isTTY) {
        process.stderr.write(
          `\nEverything is still running at ${stack.api}/api. ${pc.bold('Ctrl-C')} stops it.\n`,
        );
        await untilInterrupted();
      }
      await stack.stop();
    });
}

/** One line per round and per change of a silo's part in it. */
function progress(say: (text: string) => void): (view: ExperimentView) => void {
  let last = '';
  return (view) => {
    if (view.current === null) return;
    const { round, task, phase, silos } = view.current;
    const parts = silos.map(
      ({ silo, state, stage }) => `${silo} ${state === 'invited' ? (stage ?? state) : state}`,
    );
    const scored = view.metrics.at(-1);
    const quality = scored === undefined ? '' : `  v${scored.version}: ${metricsText(scored.metrics)}`;
    const line = `round ${round}/${view.rounds} ${task} ${phase}  ${parts.join(', ')}${quality}`;
    if (line !== last) say(line);
    last = line;
  };
}

function report(result: DemoResult): string {
  const rows = [
    ...result.baselines.map(({ name, mails, scores }) => [
      name === 'pooled' ? 'all mails pooled (what nobody may do)' : `${name} alone, ${mails} mails`,
      (scores.auc ?? Number.NaN).toFixed(4),
      scores.accuracy.toFixed(3),
    ]),
    ['federated', result.federated.auc.toFixed(4), result.federated.accuracy.toFixed(3)],
  ];
  const seconds = (value: number): string => `${value.toFixed(2)} s`;
  const rounds = result.rounds.map(({ round, wall, training, overhead }) => {
    return [String(round), seconds(wall), seconds(training), seconds(overhead)];
  });
  const middle = seconds(median(result.rounds.map(({ overhead }) => overhead)));
  const { model } = result;
  return [
    '',
    'On the test mails that nobody trained on:',
    table(['model', 'AUC', 'accuracy'], rows),
    '',
    table(['round', 'wall time', 'slowest training', 'coordination'], rounds),
    `coordination p50 ${middle}; first round aggregated after ${seconds(result.firstRoundAt)}, all after ${seconds(result.seconds)}`,
    '',
    `model    ${model.file}`,
    `sha256   ${model.sha256} (version ${model.version}, ${model.bytes} bytes)`,
    '',
    'Next:    npx tributary up                                  start it again, everything is kept',
    `         npx tributary experiment show ${result.experiment}`,
    `         npx tributary model list ${result.experiment}`,
    `         npx tributary model verify ${model.file} --experiment ${result.experiment}`,
    '         npx tributary silo list',
    '',
  ].join('\n');
}
