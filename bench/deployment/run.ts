/** The coordinator's package: how large it is, and how soon the embedded host answers when it starts from it alone. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { portsFrom } from '../../local/cloud/ports.ts';
import { startRunningCloud } from '../cloud/running-cloud.ts';
import { median } from '../measure.ts';
import type { BenchRow } from '../row.ts';

const STARTS = 7;

export async function run(): Promise<BenchRow[]> {
  const out = await mkdtemp(join(tmpdir(), 'tributary-bench-package-'));
  const cloud = await startRunningCloud();
  try {
    const printed = execFileSync(process.execPath, ['scripts/package.mjs', '--out', out, '--json']);
    const { coordinator } = JSON.parse(printed.toString()) as {
      coordinator: { folder: string; archiveBytes: number };
    };
    const port = portsFrom(cloud.portBase).functions;
    const times: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      // A host without any state: what a new instance finds.
      const data = join(out, `host-${start}`);
      times.push(await firstAnswer(coordinator.folder, data, port, cloud.settings));
    }
    return [
      {
        name: "coordinator's package, zipped",
        value: coordinator.archiveBytes / 1e6,
        unit: 'MB',
        bar: 15,
        direction: 'max',
      },
      {
        name: 'cold start: process start to the first answer of the app, median of 7',
        value: median(times),
        unit: 's',
        bar: 1.5,
        direction: 'max',
        peer: `slowest ${Math.max(...times).toFixed(2)} s`,
      },
    ];
  } finally {
    await cloud.stop();
    await rm(cloud.dataDir, { recursive: true, force: true });
    await rm(out, { recursive: true, force: true });
  }
}

async function firstAnswer(
  app: string,
  data: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const begun = performance.now();
  const args = ['dist/local/host.js', '--app', app, '--data', data, '--port', String(port)];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...settings }, stdio: 'ignore' });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  try {
    for (;;) {
      const status = await fetch(`http://127.0.0.1:${port}/api/schemas/experiment.json`).then(
        (response) => response.status,
        () => undefined,
      );
      if (status === 200) return (performance.now() - begun) / 1_000;
      // A host that is still loading the app says 503, as in Azure; that is no answer yet.
      if (status !== undefined && status !== 503) throw new Error(`the host answered ${status}`);
      if (child.exitCode !== null) throw new Error(`the host ended with code ${child.exitCode}`);
      await sleep(5);
    }
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}
