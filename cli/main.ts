#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { cloudCommand } from './commands/cloud.ts';
import { experimentCommand } from './commands/experiment.ts';
import { modelCommand } from './commands/model.ts';
import { siloCommand } from './commands/silo.ts';
import { demoCommand } from './demo/command.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { asCliError, errorJson, errorText } from './output/report-error.ts';
import { upCommand } from './up/command.ts';
import { version } from './version.ts';

const json = process.argv.includes('--json');

const program = new Command('tributary')
  .description('Federated learning between organisations that cannot share data.')
  .version(version())
  .option('--no-color', 'no colours (or NO_COLOR)')
  // What stands after a command is the command's own: `model verify --version 3` names a model.
  .enablePositionalOptions()
  .exitOverride()
  .addHelpText('after', exitCodeHelp);
upCommand(program);
demoCommand(program);
experimentCommand(program);
modelCommand(program);
siloCommand(program);
cloudCommand(program);

// A reader that went away, such as `head`, wants no more; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed);
});

try {
  // picocolors has read this one already, wherever it stands.
  await program.parseAsync(process.argv.filter((word) => word !== '--no-color'));
  end(Number(process.exitCode ?? exitCodes.ok));
} catch (error) {
  end(report(error));
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.ok;
    // commander has told people already.
    const detail = error.message.replace(/^error: /, '');
    if (json) process.stdout.write(errorJson(new CliError({ slug: 'usage', detail, exitCode: 2 })));
    return exitCodes.usage;
  }
  const known = asCliError(error);
  process.stderr.write(errorText(known));
  if (json && !known.resultShown) process.stdout.write(errorJson(known));
  return known.exitCode;
}

/** Ends the process once all output is with its reader: kept-alive connections must not hold it. */
function end(code: number): void {
  process.stdout.write('', () => process.exit(code));
}
