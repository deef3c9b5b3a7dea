import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { describeCloud } from '../control-client.ts';
import { requireLocalCloud } from '../profile.ts';
import { type SessionOptions, voice, withData, withOutput } from './session.ts';

/** `tributary cloud …`: the embedded cloud, for other programs. */
export function cloudCommand(program: Command): void {
  const noun = program.command('cloud').description('the embedded cloud of this machine');
  withOutput(withData(noun.command('show')))
    .description('show endpoints and identities, and how any Azure SDK program uses them')
    .action(async (options: SessionOptions) => {
      const cloud = requireLocalCloud(options);
      const { endpoints, silos } = await describeCloud(cloud);
      const identities = identityFiles(cloud.environments);
      const shown = { api: cloud.api, endpoints, silos, identities, caFile: cloud.caFile };
      const { fields } = await import('../output/tables.ts');
      voice(options).result(shown, () => {
        return [
          fields(Object.entries({ api: cloud.api, ...endpoints })),
          '',
          pc.bold('identities') +
            pc.dim('  (each file holds the variables that DefaultAzureCredential reads)'),
          fields(Object.entries(identities)),
          '',
          pc.bold('point a program at them'),
          `  set -a; . ${join(cloud.environments, 'operator.env')}; set +a`,
          '  and use DefaultAzureCredential with the endpoints above, in any Azure SDK',
        ].join('\n');
      });
    });
}

function identityFiles(directory: string): Record<string, string> {
  if (!existsSync(directory)) return {};
  const files = readdirSync(directory).filter((name) => name.endsWith('.env'));
  return Object.fromEntries(
    files.sort().map((name) => [name.slice(0, -'.env'.length), join(directory, name)]),
  );
}
