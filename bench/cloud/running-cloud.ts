/** The whole embedded cloud as the product runs it, in a process of its own, with one silo and real tokens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TokenCredential } from '@azure/identity';
import { freePortBase } from '../../cli/up/free-ports.ts';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';
import { portsFrom } from '../../local/cloud/ports.ts';
import { trustLocalCa } from '../../test/local/trust.ts';

export interface RunningCloud {
  /** Settings of the coordinator's program: endpoints and client ids. */
  readonly settings: Readonly<Record<string, string>>;
  /** Versioned id of the silo's key-encryption key. */
  readonly kek: string;
  /** Who: `coordinator`, `aggregator` or `silo`. */
  credential(who: 'coordinator' | 'aggregator' | 'silo'): TokenCredential;
  /** Milliseconds from the start of the process until it served. */
  readonly readyMs: number;
  readonly caPem: string;
  /** Where and with which key silos are made. */
  readonly controlUrl: string;
  readonly controlKey: string;
  readonly pid: number;
  /** Resident memory now, MB. */
  residentMegabytes(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a cloud on a fresh directory, or again on one that was used before. */
export async function startRunningCloud(again?: {
  dataDir: string;
  portBase: number;
}): Promise<RunningCloud & { readonly dataDir: string; readonly portBase: number }> {
  const dataDir = again?.dataDir ?? (await mkdtemp(join(tmpdir(), 'tributary-bench-cloud-')));
  const portBase = again?.portBase ?? (await freePortBase());
  const begun = performance.now();
  const arguments_ = ['dist/local/cloud.js', '--data', dataDir, '--port-base', String(portBase)];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  await readyLine(child);
  const readyMs = performance.now() - begun;
  const { environments, tls } = cloudDirectories(dataDir);
  const caPem = readFileSync(join(tls, 'ca.pem'), 'utf8');
  const distrust = trustLocalCa(caPem);
  const control = `http://127.0.0.1:${portsFrom(portBase).control}`;
  const controlKey = await readFile(join(environments, 'control.key'), 'utf8');
  const headers = { 'x-control-key': controlKey };
  const made = await fetch(`${control}/silos/a`, { method: 'PUT', headers });
  const { kek } = (await made.json()) as { kek: string };
  const settings = readEnvironment(join(environments, 'coordinator.env'));
  return {
    dataDir,
    portBase,
    settings,
    caPem,
    controlUrl: control,
    controlKey,
    pid: child.pid ?? 0,
    kek,
    readyMs,
    credential(who) {
      if (who === 'silo') return credentialOf(readEnvironment(join(environments, 'silo-a.env')));
      return credentialOf(settings, settings[`${who.toUpperCase()}_CLIENT_ID`]);
    },
    async residentMegabytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    async stop() {
      child.kill('SIGTERM');
      await gone;
      distrust();
    },
  };
}

export async function removeCloud(dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true, force: true });
}

async function readyLine(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('the cloud has no output');
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout ?? process.stdin).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the cloud ended with code ${code}`)));
  });
  if (!line.includes('"ready":true')) throw new Error(line);
}

function credentialOf(environment: Readonly<Record<string, string>>, clientId?: string): TokenCredential {
  return {
    async getToken(scopes) {
      const resource = String(scopes).replace(/\/?\/\.default$/, '');
      const query = new URLSearchParams({ 'api-version': '2019-08-01', resource });
      if (clientId !== undefined) query.set('client_id', clientId);
      const response = await fetch(`${environment['IDENTITY_ENDPOINT']}?${query.toString()}`, {
        headers: { 'x-identity-header': environment['IDENTITY_HEADER'] ?? '' },
      });
      const body = (await response.json()) as { access_token: string; expires_on: string };
      return { token: body.access_token, expiresOnTimestamp: Number(body.expires_on) * 1000 };
    },
  };
}
