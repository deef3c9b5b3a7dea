import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { defaultPortBase } from '../../local/cloud/ports.ts';
import { portBase } from '../whole-number.ts';
import { startLocalStack } from './local-stack.ts';
import { untilInterrupted } from './until-interrupted.ts';

/** `tributary up`: the embedded cloud and the coordinator, until Ctrl-C. */
export function upCommand(program: Command): void {
  program
    .command('up')
    .description('start the embedded cloud and the coordinator on this machine')
    .option('--data <directory>', 'where everything is kept; a second start resumes', '.tributary')
    .option('--port-base <number>', 'first port of a range of 60', portBase, defaultPortBase)
    .option('--json', 'print one JSON line when everything serves')
    .action(async (options: { data: string; portBase: number; json?: boolean }) => {
      const dataDir = resolve(options.data);
      const note = (text: string): void => void process.stderr.write(`${text}\n`);
      const stack = await startLocalStack({
        dataDir,
        portBase: options.portBase,
        onRestart: (name, how) => note(pc.yellow(`${name} ended (${how}); started again`)),
      });
      if (options.json === true) {
        process.stdout.write(`${JSON.stringify({ ready: true, api: stack.api, data: dataDir })}\n`);
      } else {
        note(`${pc.green('ready')}  API ${stack.api}/api   data ${dataDir}`);
        note(`next   tributary silo init my-silo --train "node train.mjs" --data-dir ./data`);
        note(`       tributary cloud show`);
        note(`logs   ${join(cloudDirectories(dataDir).logs, '*.log')}`);
        note(pc.dim('Ctrl-C stops everything; what was accepted is kept.'));
      }
      await untilInterrupted();
      note('stopping');
      await stack.stop();
    });
}
