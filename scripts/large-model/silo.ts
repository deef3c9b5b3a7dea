/** A silo of a running embedded cloud that sends made-up updates, with its own identity, container and vault keys. */
import { join } from 'node:path';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import { keyVaultKeys } from '../../agent/azure/key-vault-keys.ts';
import { systemClock } from '../../agent/clock.ts';
import type { SiloKeys } from '../../agent/ports.ts';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import type { SiloResources } from '../../local/cloud/start-cloud.ts';
import { blockUpload } from '../../shared/azure/block-upload.ts';
import { type RosterEntry, rosterEntry } from '../../shared/contracts/silo.ts';
import { blobContainers } from '../../shared/domain/resources.ts';
import { credentialFrom } from '../../test/isolation/workload-credential.ts';

export interface RunningCloud {
  readonly dataDir: string;
  /** Control address of the cloud and its key. */
  readonly controlUrl: string;
  readonly controlKey: string;
}

export interface LargeSilo {
  readonly id: string;
  readonly keys: SiloKeys;
  readonly resources: SiloResources;
  readonly credential: TokenCredential;
  /** Its entry in the roster, admitted. */
  readonly entry: RosterEntry;
  /** A new blob in its own container. */
  readonly upload: (path: string) => ReturnType<typeof blockUpload>;
}

/** Makes the silo where it is missing. */
export async function largeSilo(cloud: RunningCloud, id: string): Promise<LargeSilo> {
  const response = await fetch(`${cloud.controlUrl}/silos/${id}`, {
    method: 'PUT',
    headers: { 'x-control-key': cloud.controlKey },
  });
  if (!response.ok) throw new Error(`the embedded cloud made no silo ${id}: ${await response.text()}`);
  const resources = (await response.json()) as SiloResources;
  const { environments } = cloudDirectories(cloud.dataDir);
  const credential = credentialFrom(join(environments, `silo-${id}.env`));
  const { kek, sig, tenantId, objectId } = resources;
  const keys = keyVaultKeys({ kek, sig, verifyChallenge: false }, credential, systemClock);
  const container = new BlobServiceClient(resources.updatesAccountUrl, credential).getContainerClient(
    blobContainers.updates(id),
  );
  const now = new Date().toISOString();
  return {
    id,
    keys,
    resources,
    credential,
    entry: rosterEntry.parse({
      silo: id,
      status: 'active',
      version: 1,
      displayName: id,
      tenantId,
      objectId,
      kek: await keys.kek(),
      sig: await keys.sig(),
      registeredAt: now,
      admittedAt: now,
    }),
    upload: (path) => blockUpload(container.getBlockBlobClient(path)),
  };
}
