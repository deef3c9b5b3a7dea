// usage: node infra/roster/remove-silo.mjs --group GROUP --silo SILO --principal OBJECT_ID [--delete-updates]
// Takes a silo's place away: its rights in the coordinator's resource group, then its queue. Its container is kept until
// the lifecycle rule has emptied it, or deleted with --delete-updates: a round that is open may still need what is in it.
// Disable the silo in the coordinator first (`tributary silo disable`). Running it again does no harm.
import { parseArgs } from 'node:util';
import { run } from '../hooks/commands.mjs';

const siloId = /^[a-z0-9](-?[a-z0-9]){0,39}$/;
const objectId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

try {
  const { values } = parseArgs({
    options: {
      group: { type: 'string' },
      silo: { type: 'string' },
      principal: { type: 'string' },
      'delete-updates': { type: 'boolean', default: false },
    },
  });
  const { group, silo, principal } = values;
  if (!group || !siloId.test(silo ?? '') || !objectId.test(principal ?? '')) {
    throw new Error('Give --group, --silo (its id) and --principal (the object id of its identity).');
  }
  const ask = (...parameters) => run('az', [...parameters, '--resource-group', group, '--output', 'tsv']);

  const scope = run('az', [
    'group',
    'show',
    '--name',
    group,
    '--query',
    'id',
    '--output',
    'tsv',
  ]).toLowerCase();
  const held = JSON.parse(
    run('az', ['role', 'assignment', 'list', '--all', '--assignee-object-id', principal, '--output', 'json']),
  );
  const here = held.filter((assignment) => assignment.scope.toLowerCase().startsWith(`${scope}/`));
  for (const { id } of here) run('az', ['role', 'assignment', 'delete', '--ids', id]);
  process.stdout.write(`${here.length} role assignments deleted\n`);

  const namespace = ask('servicebus', 'namespace', 'list', '--query', '[0].name');
  ask('servicebus', 'queue', 'delete', '--namespace-name', namespace, '--name', `silo-${silo}`);
  process.stdout.write(`queue silo-${silo} deleted\n`);

  if (values['delete-updates']) {
    const account = ask(
      'storage',
      'account',
      'list',
      '--query',
      "[?starts_with(name, 'stupdat')].name | [0]",
    );
    ask(
      'storage',
      'container-rm',
      'delete',
      '--storage-account',
      account,
      '--name',
      `updates-${silo}`,
      '--yes',
    );
    process.stdout.write(`container updates-${silo} deleted\n`);
  }
  process.stdout.write('Left to do: take it off the list of infra/roster, and take its app role away.\n');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
