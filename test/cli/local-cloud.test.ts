/** The whole way of an operator and two silos, by the command line alone, against the embedded cloud. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePortBase } from '../../cli/up/free-ports.ts';
import { type LocalStack, startLocalStack } from '../../cli/up/local-stack.ts';
import { packageRoot } from '../../cli/up/package-root.ts';
import type { ExperimentView, ModelView, SiloView } from '../../shared/contracts/api.ts';
import { type CliResult, cli, jsonOf, startCli } from './run-cli.ts';

const trainer = join(packageRoot(), 'test', 'agent', 'trainers', 'add-step.mjs');
const unknown = `exp-${'0'.repeat(26)}`;
// Dozens of processes are started one after the other, on whatever machine this is.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let root: string;
let dataDir: string;
let stack: LocalStack;

const tributary = (...args: string[]): Promise<CliResult> => cli([...args, '--data', dataDir], { cwd: root });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tributary-cli-'));
  dataDir = join(root, 'data');
  stack = await startLocalStack({ dataDir, portBase: await freePortBase() });
});
afterAll(async () => {
  await stack.stop();
  await rm(root, { recursive: true, force: true });
});

async function ok(...args: string[]): Promise<CliResult> {
  const result = await tributary(...args);
  if (result.code !== 0) throw new Error(`${args.join(' ')}: ${result.code} ${result.stderr}`);
  return result;
}

async function makeSilo(silo: string): Promise<string> {
  const training = join(root, `data-${silo}`);
  await mkdir(training, { recursive: true });
  const made = await ok('silo', 'init', silo, '--train', `node ${trainer}`, '--data-dir', training, '--json');
  return jsonOf<{ configFile: string }>(made).configFile;
}

const experimentOf = (silos: string[], name: string) => ({
  name,
  silos,
  rounds: 2,
  initialModel: { kind: 'init', silo: silos[0] },
  training: { config: { step: 0.5 } },
});

describe('silos', () => {
  test('an operator registers one and it is active at once; a silo by itself waits to be admitted', async () => {
    const first = await makeSilo('north');
    expect(jsonOf<SiloView>(await ok('silo', 'register', '--config', first, '--json')).status).toBe('active');
    const second = await makeSilo('south');
    const own = await ok('silo', 'register', '--config', second, '--self');
    expect(own.stdout).toBe('south is pending (registered by itself)\n');
    expect(own.stderr).toContain('tributary silo admit south');

    const refused = await tributary('silo', 'admit', 'south', '--as', 'viewer', '--json');
    expect(refused.code).toBe(4);
    expect(jsonOf(refused)).toMatchObject({ error: { slug: 'not-allowed', exitCode: 4 } });
    expect((await ok('silo', 'admit', 'south')).stdout).toBe('south is active\n');
    const { silos } = jsonOf<{ silos: SiloView[] }>(await ok('silo', 'list', '--json', '--as', 'viewer'));
    expect(silos.map(({ silo, status }) => [silo, status])).toEqual([
      ['north', 'active'],
      ['south', 'active'],
    ]);
  });

  test('the preflight of a silo passes', async () => {
    const config = join(dataDir, 'silos', 'north', 'silo.yaml');
    const { code, stdout } = await cli(['silo', 'run', '--config', config, '--check', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ silo: 'north' });
    expect(code).toBe(0);
  });

  test('a silo that nobody registered is not found', async () => {
    expect((await tributary('silo', 'admit', 'west')).code).toBe(5);
  });
});

describe('experiments', () => {
  test('a silo that is not in the roster is named with a suggestion', async () => {
    const file = join(root, 'unknown-silo.json');
    await writeFile(file, JSON.stringify(experimentOf(['nort'], 'typo')));
    const { code, stderr } = await tributary('experiment', 'create', file);
    expect(stderr).toContain('silos.0: nort is not registered; did you mean "north"?');
    expect(stderr).toContain('try: tributary silo list');
    expect(code).toBe(2);
  });

  test('without its silos an experiment waits; Ctrl-C leaves it running, cancel ends it with exit code 3', async () => {
    const file = join(root, 'waits.json');
    await writeFile(file, JSON.stringify(experimentOf(['north', 'south'], 'waits')));
    const create = ['experiment', 'create', file, '--idempotency-key', 'once', '--json'];
    const { experiment } = jsonOf<{ experiment: string }>(await ok(...create));
    expect(jsonOf(await ok(...create))).toEqual({ experiment, created: false });
    expect((await tributary(...create, '--name', 'other')).code).toBe(6);

    const watching = startCli(['experiment', 'watch', experiment, '--data', dataDir]);
    await watching.says('initial model collecting');
    watching.kill('SIGINT');
    const left = await watching.done;
    expect(left.code).toBe(130);
    expect(left.stderr).toContain('goes on without being watched');

    const limited = await tributary('experiment', 'watch', experiment, '--timeout', '1');
    expect(limited.code).toBe(7);

    expect((await tributary('experiment', 'cancel', experiment, '--as', 'viewer')).code).toBe(4);
    await ok('experiment', 'cancel', experiment);
    const ended = await tributary('experiment', 'watch', experiment, '--json');
    expect(ended.code).toBe(3);
    expect(jsonOf<ExperimentView>(ended).status).toBe('cancelled');
    expect((await tributary('experiment', 'resume', experiment)).code).toBe(6);
  });

  test('with its agents one runs to its end, and its models are listed, downloaded and verified', async () => {
    const agents = ['north', 'south'].map((silo) =>
      startCli(['silo', 'run', '--config', join(dataDir, 'silos', silo, 'silo.yaml')]),
    );
    const file = join(root, 'runs.yaml');
    // JSON is YAML; the name begins otherwise so that it is read as such.
    await writeFile(file, `# two rounds\n${JSON.stringify(experimentOf(['north', 'south'], 'runs'))}`);
    const watched = await ok('experiment', 'create', file, '--watch');
    expect(watched.stdout).toContain('completed');
    const [, experiment = ''] = /(exp-\w{26}) was created/.exec(watched.stderr) ?? [];
    for (const agent of agents) agent.kill('SIGTERM');
    expect((await Promise.all(agents.map(({ done }) => done))).map(({ code }) => code)).toEqual([0, 0]);

    const view = jsonOf<ExperimentView>(await ok('experiment', 'show', experiment, '--json'));
    expect(view).toMatchObject({ name: 'runs', status: 'completed', model: { version: 2 } });
    expect((await ok('experiment', 'show', experiment)).stdout).toContain('completed');
    expect((await ok('experiment', 'round', experiment, '1')).stdout).toMatch(/north +admitted +120/);
    expect((await ok('experiment', 'list')).stdout).toContain('runs');
    expect((await tributary('experiment', 'round', experiment, '77')).code).toBe(5);

    const { models } = jsonOf<{ models: ModelView[] }>(await ok('model', 'list', experiment, '--json'));
    expect(models.map(({ version }) => version)).toEqual([0, 1, 2]);
    const saved = join(root, 'v1.safetensors');
    await ok('model', 'download', experiment, '1', '-o', saved);
    const verified = await ok(
      'model',
      'verify',
      saved,
      '--experiment',
      experiment,
      '--version',
      '1',
      '--schema',
    );
    expect(verified.stdout).toContain(`verified  ${saved} is version 1`);
    expect(verified.stdout).toMatch(/weights +F32 +\[2\]/);

    const other = await tributary('model', 'verify', saved, '--experiment', experiment, '--json');
    expect(other.code).toBe(1);
    expect(jsonOf(other)).toMatchObject({ error: { slug: 'digest-mismatch' } });
    expect(other.stdout).toContain('it is version 1');

    const bytes = await readFile(saved);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(saved, bytes);
    const changed = await tributary('model', 'verify', saved, '--experiment', experiment, '--version', '1');
    expect(changed.stderr).toContain('no version of this experiment has it');

    const uploaded = jsonOf<{ sha256: string }>(await ok('model', 'upload', saved, '--json'));
    expect(uploaded.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await tributary('model', 'show', experiment, '99')).code).toBe(5);
    expect((await readdir(root)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('one that does not exist is exit code 5 for every command', async () => {
    for (const args of [
      ['experiment', 'show', unknown],
      ['experiment', 'cancel', unknown],
      ['experiment', 'watch', 'nonsense'],
      ['model', 'list', unknown],
      ['model', 'download', unknown],
    ]) {
      expect([args, (await tributary(...args)).code]).toEqual([args, 5]);
    }
  });
});

describe('the embedded cloud', () => {
  test('show names endpoints and identities and gives no secret away', async () => {
    const { stdout } = await ok('cloud', 'show', '--json');
    const shown = JSON.parse(stdout) as { api: string; identities: Record<string, string> };
    expect(shown.api).toBe(stack.api);
    expect(Object.keys(shown.identities)).toEqual(expect.arrayContaining(['viewer', 'operator', 'admin']));
    const secret = /IDENTITY_HEADER=(\S+)/.exec(await readFile(shown.identities['operator'] ?? '', 'utf8'));
    expect(stdout).not.toContain(secret?.[1] ?? 'no secret was found');
    expect((await ok('cloud', 'show')).stdout).toContain('operator.env; set +a');
  });

  test('another port base than the one it has is refused', async () => {
    const { code, stderr } = await tributary('silo', 'list', '--port-base', '1');
    expect(stderr).toContain('not 1');
    expect(code).toBe(2);
  });
});
