import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-hooks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program of that name on the path, which notes what it is asked and does as the shell lines say. */
function program(name: string, lines: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> "${folder}/asked"\n${lines}\n`);
  chmodSync(file, 0o755);
}

function hook(file: string, environment: Record<string, string>) {
  const path = `${folder}:/usr/bin:/bin`;
  return spawnSync(process.execPath, [`infra/hooks/${file}`], {
    encoding: 'utf8',
    env: { PATH: path, ...environment },
  });
}

const asked = (): string =>
  existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8') : '';

describe('The preprovision hook', () => {
  it('makes the registration where there is none, and tells azd its client id', () => {
    program('az', `case "$*" in *list*) echo '[]';; *applications*) echo '{"appId":"app-1"}';; esac`);
    program('azd', 'true');
    const { status, stdout } = hook('preprovision.mjs', { AZURE_ENV_NAME: 'trial' });
    expect(status).toBe(0);
    expect(stdout).toContain('made app registration app-1');
    expect(asked()).toContain('--display-name tributary-trial');
    expect(asked()).toContain('azd env set API_CLIENT_ID app-1');
  });

  it('asks nobody when the client id was given', () => {
    const { status } = hook('preprovision.mjs', { AZURE_ENV_NAME: 'trial', API_CLIENT_ID: 'given' });
    expect(status).toBe(0);
    expect(asked()).toBe('');
  });

  it('stops the deployment with what the Azure CLI said', () => {
    program('az', 'echo "Insufficient privileges to complete the operation." >&2; exit 1');
    const { status, stderr } = hook('preprovision.mjs', { AZURE_ENV_NAME: 'trial' });
    expect(status).toBe(1);
    expect(stderr).toContain('Insufficient privileges');
    expect(stderr).toContain('docs/provisioning.md');
  });

  it('says so when the Azure CLI is missing, or azd does not run it', () => {
    expect(hook('preprovision.mjs', { AZURE_ENV_NAME: 'trial', PATH: folder }).stderr).toContain(
      'az is not installed',
    );
    expect(hook('preprovision.mjs', {}).stderr).toContain('AZURE_ENV_NAME is not set');
  });
});

describe('The other hooks', () => {
  it('hand on what silos need', () => {
    const { status, stdout } = hook('postprovision.mjs', {
      SERVICE_API_URL: 'https://func.example',
      EGRESS_ADDRESS: '203.0.113.9',
    });
    expect(status).toBe(0);
    expect(stdout).toContain('https://func.example/api/health');
    expect(stdout).toContain('203.0.113.9');
  });

  it('say before the end what cannot be undone', () => {
    const { status, stdout } = hook('predown.mjs', {});
    expect(status).toBe(0);
    expect(stdout).toContain('purge-protected');
  });
});

const command = z.strictObject({
  shell: z.enum(['sh', 'pwsh']),
  run: z.string(),
  interactive: z.boolean().optional(),
});
const azureYaml = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  metadata: z.strictObject({ template: z.string().regex(/^tributary@\d+\.\d+\.\d+$/) }),
  infra: z.strictObject({
    provider: z.literal('bicep'),
    path: z.literal('infra'),
    module: z.literal('main'),
  }),
  services: z.record(
    z.string(),
    z.strictObject({ project: z.string(), language: z.literal('js'), host: z.literal('function') }),
  ),
  hooks: z.record(z.string(), z.strictObject({ posix: command, windows: command })),
  pipeline: z.strictObject({ provider: z.literal('github') }),
});

describe('azure.yaml', () => {
  const described = azureYaml.parse(parse(readFileSync('azure.yaml', 'utf8')));

  it('names the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(described.metadata.template).toBe(`tributary@${version}`);
  });

  it('runs the same on every system, and only what there is', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(Object.keys(described.hooks)).toEqual(['preprovision', 'postprovision', 'prepackage', 'predown']);
    for (const { posix, windows } of Object.values(described.hooks)) {
      expect([posix.shell, windows.shell]).toEqual(['sh', 'pwsh']);
      expect(posix.run).toBe(windows.run);
      const [tool, file = '', script = ''] = posix.run.split(' ');
      if (tool === 'node') expect(existsSync(file), file).toBe(true);
      else expect(scripts).toHaveProperty(script);
    }
  });

  it('deploys what the package script writes to the app that the template tags', () => {
    expect(described.services).toHaveProperty('api');
    expect(readFileSync('infra/modules/host.bicep', 'utf8')).toContain("'azd-service-name': 'api'");
    expect(described.services['api']?.project).toBe('./dist/deploy/coordinator');
    expect(readFileSync('scripts/package.mjs', 'utf8')).toContain('dist/deploy/coordinator');
  });
});
