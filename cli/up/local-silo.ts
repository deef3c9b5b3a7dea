/** Makes a silo of the embedded cloud: resources, silo.yaml, credentials. In Azure the silo's own template does this. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { apiAudience, cloudDirectories } from '../../local/cloud/directories.ts';
import type { SiloResources } from '../../local/cloud/start-cloud.ts';

export interface LocalSiloOptions {
  readonly silo: string;
  readonly displayName?: string;
  readonly dataDir: string;
  readonly controlUrl: string;
  readonly controlKey: string;
  readonly api: string;
  readonly planSigningThumbprint: string;
  readonly trainingCommand: readonly string[];
  readonly trainingData: string;
  readonly timeoutSeconds?: number;
}

/** Idempotent: answers the path of the silo's silo.yaml, with agent.env beside it. */
export async function makeLocalSilo(
  options: LocalSiloOptions,
): Promise<{ configFile: string; resources: SiloResources }> {
  const response = await fetch(`${options.controlUrl}/silos/${options.silo}`, {
    method: 'PUT',
    headers: { 'x-control-key': options.controlKey },
  });
  if (!response.ok)
    throw new Error(`the embedded cloud made no silo ${options.silo}: ${await response.text()}`);
  const resources = (await response.json()) as SiloResources;
  const directory = join(cloudDirectories(options.dataDir).silos, options.silo);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const config = {
    silo: options.silo,
    ...(options.displayName === undefined ? {} : { displayName: options.displayName }),
    coordinator: {
      url: options.api,
      audience: apiAudience,
      planSigningThumbprint: options.planSigningThumbprint,
    },
    serviceBus: { namespace: resources.serviceBusNamespace },
    updates: { account: resources.updatesAccountUrl },
    keys: { kek: resources.kek, sig: resources.sig, verifyChallenge: false },
    workDirectory: './work',
    data: options.trainingData,
    training: { command: [...options.trainingCommand], timeoutSeconds: options.timeoutSeconds ?? 600 },
  };
  const configFile = join(directory, 'silo.yaml');
  await writeFile(configFile, stringify(config));
  await copyFile(resources.environmentFile, join(directory, 'agent.env'));
  return { configFile, resources };
}
