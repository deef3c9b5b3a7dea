import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const group = '/subscriptions/s/resourceGroups/rg-one';
const principal = '0f0f0f0f-0000-4000-8000-00000000000a';
const assignments = [
  { id: 'own-queue', scope: `${group}/providers/Microsoft.ServiceBus/namespaces/sb-one/queues/silo-north` },
  // Azure gives scopes back in other letters than it was given.
  {
    id: 'own-container',
    scope: `${group.toLowerCase()}/providers/Microsoft.Storage/storageAccounts/stupdat1`,
  },
  { id: 'elsewhere', scope: '/subscriptions/s/resourceGroups/rg-one-more/providers/x' },
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-roster-'));
  const az = join(folder, 'az');
  writeFileSync(
    az,
    `#!/bin/sh
echo "$*" >> "${folder}/asked"
case "$*" in
  "group show"*) echo '${group}';;
  "role assignment list"*) echo '${JSON.stringify(assignments)}';;
  "servicebus namespace list"*) echo sb-one;;
  "storage account list"*) echo stupdat1;;
esac
`,
  );
  chmodSync(az, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function remove(...parameters: string[]) {
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  return spawnSync(process.execPath, ['infra/roster/remove-silo.mjs', ...parameters], {
    encoding: 'utf8',
    env,
  });
}

const asked = (): string[] => {
  const file = join(folder, 'asked');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

describe('Removing a silo', () => {
  it('takes its rights in this resource group and its queue, and no right elsewhere', () => {
    const { status, stdout } = remove('--group', 'rg-one', '--silo', 'north', '--principal', principal);
    expect(status).toBe(0);
    expect(asked().filter((line) => line.startsWith('role assignment delete'))).toEqual([
      'role assignment delete --ids own-queue',
      'role assignment delete --ids own-container',
    ]);
    const deletes = asked().filter((line) => line.includes(' delete ') && !line.startsWith('role'));
    expect(deletes).toEqual([
      'servicebus queue delete --namespace-name sb-one --name silo-north --resource-group rg-one --output tsv',
    ]);
    expect(stdout).toContain('2 role assignments deleted');
  });

  it('deletes sealed updates only when told to', () => {
    const who = ['--silo', 'north', '--principal', principal];
    const { status } = remove('--group', 'rg-one', ...who, '--delete-updates');
    expect(status).toBe(0);
    expect(asked().at(-1)).toContain('container-rm delete --storage-account stupdat1 --name updates-north');
  });

  it.each([
    [['--group', 'rg-one', '--principal', principal]],
    [['--group', 'rg-one', '--silo', 'north; true', '--principal', principal]],
    [['--group', 'rg-one', '--silo', 'north', '--principal', 'everybody']],
    [['--silo', 'north', '--principal', principal]],
    [['--all']],
  ])('asks Azure nothing when it was told %j', (parameters) => {
    expect(remove(...parameters).status).toBe(1);
    expect(asked()).toEqual([]);
  });
});
