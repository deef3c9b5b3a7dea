/** The agent as its image and its systemd unit lay it out: from those files alone, as a user who owns none of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { packageRoot } from '../../cli/up/package-root.ts';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';
import { registration } from '../../shared/contracts/silo.ts';
import { verifySignature } from '../../shared/sealing/signature.ts';
import { startCoordinator } from '../functions/coordinator-under-test.ts';
import { eventually } from '../functions/eventually.ts';
import { hostileSpec } from '../functions/hostile-spec.ts';
import { baseModel, baseValues, sha256, smallModel } from '../functions/small-model.ts';
import { packaged } from './packaged.ts';

/** The user of the image; the tests' own where they do not run as root. */
const NONROOT = 65_532;
const isRoot = process.getuid?.() === 0;

const built = packaged();
const dockerfile = readFileSync(join(packageRoot(), 'infra/agent/Dockerfile'), 'utf8');
let coordinator: Awaited<ReturnType<typeof startCoordinator>>;
let home: string;

beforeAll(async () => {
  coordinator = await startCoordinator(['a']);
  // From here on the agent alone receives what is sent to this silo.
  await coordinator.silo('a').close();
  home = await siloHome('a');
});
afterAll(async () => {
  await coordinator.close();
  built.remove();
});

/** /etc/tributary and /var/lib/tributary of one machine, as far as this silo's agent sees them. */
async function siloHome(silo: string): Promise<string> {
  const directories = cloudDirectories(coordinator.stack.dataDir);
  const directory = join(built.out, `home-${silo}`);
  const work = join(directory, 'var');
  mkdirSync(work, { recursive: true });
  const health = await coordinator.call<{ planSigningThumbprint: string }>(null, 'GET', 'health');
  const config = parse(readFileSync(join(directories.silos, silo, 'silo.yaml'), 'utf8'));
  config.coordinator.planSigningThumbprint = health.body.planSigningThumbprint;
  config.workDirectory = join(work, 'work');
  config.data = work;
  cpSync(join(packageRoot(), 'test/agent/trainers'), join(directory, 'trainers'), { recursive: true });
  config.training.command = [process.execPath, join(directory, 'trainers', 'add-step.mjs')];
  writeFileSync(join(directory, 'silo.yaml'), stringify(config));
  cpSync(join(directories.tls, 'ca.pem'), join(directory, 'ca.pem'));
  chmodSync(join(directory, 'ca.pem'), 0o644);
  // As `COPY --chmod=0555` leaves them in the image.
  for (const { file } of built.agent.files) chmodSync(join(built.agent.folder, file), 0o555);
  if (isRoot) {
    chownSync(work, NONROOT, NONROOT);
    for (const path of [built.out, directory, join(built.agent.folder)]) chmodSync(path, 0o755);
  }
  return directory;
}

function start(script: string, args: readonly string[]) {
  const directories = cloudDirectories(coordinator.stack.dataDir);
  const child = spawn(
    process.execPath,
    [join(built.agent.folder, 'opt/tributary', script), '--config', join(home, 'silo.yaml'), ...args],
    {
      cwd: join(home, 'var'),
      env: {
        PATH: process.env['PATH'],
        ...readEnvironment(join(directories.environments, 'silo-a.env')),
        NODE_EXTRA_CA_CERTS: join(home, 'ca.pem'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(isRoot ? { uid: NONROOT, gid: NONROOT } : {}),
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  return { child, output: () => output, exited: once(child, 'exit').then(([code]) => code as number | null) };
}

describe("the agent's layout", () => {
  it('is two programs, their licences and a systemd unit', () => {
    expect(built.agent.files.map(({ file }) => file)).toEqual([
      'etc/systemd/system/tributary-agent.service',
      'opt/tributary/agent.js',
      'opt/tributary/agent.js.LEGAL.txt',
      'opt/tributary/package.json',
      'opt/tributary/registration.js',
      'opt/tributary/registration.js.LEGAL.txt',
    ]);
  });

  it('is under 6 MB', () => {
    const bytes = built.agent.files.reduce((sum, file) => sum + file.bytes, 0);
    expect(bytes).toBeLessThan(6_000_000);
  });

  it('is what the image copies and starts, as a user by number that is not root', () => {
    expect(dockerfile).toMatch(
      /^COPY --from=build .* \/src\/dist\/deploy\/agent\/opt\/tributary \/opt\/tributary$/m,
    );
    expect(dockerfile).toContain('"/opt/tributary/agent.js"');
    expect(dockerfile).toMatch(new RegExp(`^USER ${NONROOT}:${NONROOT}$`, 'm'));
    expect(dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))).not.toMatch(/^(RUN|ADD|SHELL)\b/m);
  });
});

describe('an agent that runs from its layout', () => {
  it('finds that it can do all it must', async () => {
    const { exited, output } = start('agent.js', ['--check', '--json']);
    expect(await exited, output()).toBe(0);
  });

  it('prints a registration, signed by the key before as well where one is named', async () => {
    const { sig } = coordinator.silo('a').resources;
    const { exited, output } = start('registration.js', ['--previous-sig', sig]);
    expect(await exited, output()).toBe(0);
    const { body, previousSig } = registration.parse(JSON.parse(output()));
    expect(verifySignature('tributary/roster/1', body, previousSig ?? '', body.sig.jwk)).toBe(true);
  });

  it('trains a round, and writes nowhere but in its own directory', async () => {
    await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
      raw: Uint8Array.from(baseModel),
    });
    const agent = start('agent.js', ['--json']);
    try {
      const spec = hostileSpec(['a'], {}, { config: { step: 0.5 } });
      const experiment = await coordinator.create({ ...spec, rounds: 1 });
      const view = await coordinator.ended(experiment);
      expect(view, agent.output()).toMatchObject({ status: 'completed', model: { version: 1 } });
      expect(view.model?.sha256).toBe(sha256(smallModel(baseValues.map((value) => value + 0.5))));
    } finally {
      agent.child.kill('SIGTERM');
    }
    expect(await agent.exited).toBe(0);
    await eventually(() => readdirSync(join(home, 'var')).includes('work'), 'the work directory');
    expect(readdirSync(home).sort()).toEqual(['ca.pem', 'silo.yaml', 'trainers', 'var']);
  });

  it('cannot change its own programs', async () => {
    const target = join(built.agent.folder, 'opt/tributary/agent.js');
    const child = spawn(
      process.execPath,
      ['-e', `require('fs').appendFileSync(${JSON.stringify(target)}, ' ')`],
      {
        ...(isRoot ? { uid: NONROOT, gid: NONROOT } : {}),
        stdio: 'ignore',
      },
    );
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).not.toBe(0);
  });
});
