import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CosmosClient } from '@azure/cosmos';
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import { BlobServiceClient } from '@azure/storage-blob';
import { freePortBase } from '../../../cli/up/free-ports.ts';
import { cloudDirectories } from '../../../local/cloud/directories.ts';
import { readEnvironment } from '../../../local/cloud/environment-file.ts';
import { portsFrom } from '../../../local/cloud/ports.ts';
import { credentialFrom } from '../../isolation/workload-credential.ts';
import { trustLocalCa } from '../trust.ts';

export type CloudProcess = Awaited<ReturnType<typeof startCloudProcess>>;

/** The embedded cloud as it is built, in a process of its own, with one silo `a` and clients that do not retry. */
export async function startCloudProcess() {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-cloud-'));
  const portBase = await freePortBase();
  const { environments, tls } = cloudDirectories(dataDir);
  let child = await start(dataDir, portBase);
  const distrust = trustLocalCa(readFileSync(join(tls, 'ca.pem'), 'utf8'));
  const headers = { 'x-control-key': readFileSync(join(environments, 'control.key'), 'utf8') };
  const makeSilo = async (silo: string) => {
    const url = `http://127.0.0.1:${portsFrom(portBase).control}/silos/${silo}`;
    const response = await fetch(url, { method: 'PUT', headers });
    const text = await response.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, body };
  };
  const { sig: kid } = (await makeSilo('a')).body as { sig: string };

  const settings = readEnvironment(join(environments, 'coordinator.env'));
  const coordinator = credentialFrom(
    join(environments, 'coordinator.env'),
    settings['COORDINATOR_CLIENT_ID'],
  );
  const cosmos = new CosmosClient({
    endpoint: settings['COSMOS_ENDPOINT'] ?? '',
    aadCredentials: coordinator,
    connectionPolicy: { enableEndpointDiscovery: false, enableBackgroundEndpointRefreshing: false },
  });
  const blobs = new BlobServiceClient(settings['MODELS_ACCOUNT_URL'] ?? '', coordinator, {
    retryOptions: { maxTries: 1 },
  });
  return {
    dataDir,
    pid: () => child.pid ?? 0,
    makeSilo,
    coordinator: {
      blob: (container: string, name: string) => blobs.getContainerClient(container).getBlockBlobClient(name),
      cosmos: (container: string) => cosmos.database(settings['COSMOS_DATABASE'] ?? '').container(container),
    },
    silo() {
      const credential = credentialFrom(join(environments, 'silo-a.env'));
      const options = { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } };
      return {
        kid,
        keys: new KeyClient(kid.replace(/\/keys\/.*/, ''), credential, options),
        crypto: new CryptographyClient(kid, credential, options),
      };
    },
    async killAndRestart() {
      await stop(child, 'SIGKILL');
      child = await start(dataDir, portBase);
    },
    async remove() {
      cosmos.dispose();
      await stop(child, 'SIGKILL');
      distrust();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function start(dataDir: string, portBase: number) {
  const arguments_ = ['dist/local/cloud.js', '--data', dataDir, '--port-base', String(portBase)];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the cloud ended with code ${code}`)));
  });
  if (!line.includes('"ready":true')) throw new Error(line);
  return child;
}

async function stop(child: Awaited<ReturnType<typeof start>>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}
