import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../local/core/temporary-directory.ts';
import { cli, jsonOf } from './run-cli.ts';

const spec = {
  name: 'one',
  silos: ['silo-1'],
  rounds: 1,
  initialModel: { kind: 'init', silo: 'silo-1' },
};
interface Failure {
  error: { slug: string; detail: string; errors: { path: string; suggestion?: string }[]; exitCode: number };
}

describe('usage', () => {
  test('help names the commands and every exit code', async () => {
    const { code, stdout } = await cli(['--help']);
    expect(code).toBe(0);
    for (const word of ['up', 'experiment', 'model', 'silo', 'cloud', '130 Ctrl-C', '8 unreachable'])
      expect(stdout).toContain(word);
  });

  test('the version is the one of package.json', async () => {
    expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('a mistyped command gets a suggestion and exit code 2', async () => {
    const { code, stderr } = await cli(['experiment', 'creat', 'x.json']);
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean create?');
  });

  test('usage errors are JSON on stdout under --json', async () => {
    const result = await cli(['experiment', 'show', '--json']);
    expect(result.code).toBe(2);
    expect(jsonOf<Failure>(result).error).toMatchObject({ slug: 'usage', exitCode: 2 });
  });

  test.each([
    [['experiment', 'round', 'exp-1', 'one'], 'whole number'],
    [['experiment', 'list', '--as', 'root'], 'Allowed choices'],
    [['experiment', 'list', '--endpoint', 'ftp://x'], 'not an http or https address'],
    [['experiment', 'list', '--endpoint', 'http://127.0.0.1:1', '--timeout', 'soon'], 'seconds'],
    [['experiment', 'list', '--endpoint', 'http://127.0.0.1:1', '--as', 'admin'], '--as chooses'],
    [['silo', 'init', 'Silo 1', '--train', 'x'], 'lower-case letters'],
    [['silo', 'init', 'silo-1', '--train', '"x'], 'left open'],
    [['silo', 'run', '--config', 'nowhere.yaml'], 'cannot be read'],
    [['model', 'upload', 'nowhere.safetensors'], 'not a file'],
  ])('%j is refused with exit code 2', async (args, words) => {
    const { code, stdout, stderr } = await cli(args, { cwd: await temporaryDirectory() });
    expect(stderr).toContain(words);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('the document', () => {
  test('every fault is named with its path and a suggestion before anything is asked', async () => {
    const { rounds: _, ...rest } = { ...spec, rouds: 3, roundPolicy: { quorum: 0 } };
    const result = await cli(['experiment', 'create', '-', '--json'], { stdin: JSON.stringify(rest) });
    expect(result.code).toBe(2);
    const { error } = jsonOf<Failure>(result);
    expect(error.slug).toBe('spec-invalid');
    expect(error.errors.map(({ path }) => path).sort()).toEqual(['rouds', 'roundPolicy.quorum', 'rounds']);
    expect(error.errors.find(({ path }) => path === 'rouds')?.suggestion).toBe('rounds');
    expect(result.stderr).toContain('rouds: there is no such field; did you mean "rounds"?');
    expect(result.stderr).toContain('docs/problems/spec-invalid.md');
  });

  test('YAML and JSON that do not parse are refused', async () => {
    for (const stdin of ['{"name": "a", "name": "b"}', 'name: [', 'name: a\nname: b']) {
      const { code, stderr } = await cli(['experiment', 'create', '-'], { stdin });
      expect(stderr).toContain('not valid');
      expect(code).toBe(2);
    }
  });

  test('a file that is missing is named', async () => {
    const { code, stderr } = await cli(['experiment', 'create', 'nowhere.json']);
    expect(stderr).toContain('nowhere.json cannot be read: ENOENT');
    expect(code).toBe(2);
  });

  test('a model that is no safetensors file is not uploaded', async () => {
    const file = join(await temporaryDirectory(), 'model.bin');
    await writeFile(file, 'not a model at all');
    const { code, stderr } = await cli(['model', 'upload', file]);
    expect(stderr).toContain('error[tensor-header]');
    expect(code).toBe(2);
  });
});

describe('the coordinator', () => {
  test('what was looked at is said when nothing names one', async () => {
    const cwd = await temporaryDirectory();
    const { code, stderr } = await cli(['silo', 'list'], { cwd });
    expect(stderr).toContain(`looked at --endpoint, TRIBUTARY_ENDPOINT and ${join(cwd, '.tributary')}`);
    expect(code).toBe(2);
  });

  test('one that cannot be reached is exit code 8, by option and by environment', async () => {
    const endpoint = 'http://127.0.0.1:1';
    const byOption = await cli(['silo', 'list', '--endpoint', endpoint, '--json']);
    expect(jsonOf<Failure>(byOption).error).toMatchObject({ slug: 'unreachable', exitCode: 8 });
    expect(byOption.code).toBe(8);
    const env = { TRIBUTARY_ENDPOINT: endpoint };
    expect((await cli(['silo', 'list'], { env, cwd: await temporaryDirectory() })).code).toBe(8);
  });
});
