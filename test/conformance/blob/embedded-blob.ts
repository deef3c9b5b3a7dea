import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBlob } from '../../../local/blob/blob-service.ts';
import type { FaultPlan } from '../../../local/core/faults.ts';
import { TokenRejected } from '../../../local/core/principal.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { trustLocalCa } from '../../local/trust.ts';
import type { RunningBlob } from './blob-backend.ts';

const ACCOUNT = 'conformance';
const OWNER = {
  objectId: '00000000-0000-4000-8000-000000000001',
  clientId: 'owner',
  tenantId: '11111111-1111-4111-8111-111111111111',
  name: 'owner',
  roles: [],
};
const TOKEN = 'owner';

/** The embedded service on a free port, with one identity that may do everything. */
export async function startEmbeddedBlob(faults: FaultPlan): Promise<RunningBlob> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-conformance-'));
  const tls = await ensureTlsMaterial(join(dataDir, 'tls'));
  const distrust = trustLocalCa(tls.caPem);
  const service = await startBlob({
    port: 0,
    dataDir,
    tls,
    accounts: [ACCOUNT],
    faults,
    async verify(token) {
      if (token !== TOKEN) throw new TokenRejected('signature', 'not a token of this test');
      return { ...OWNER, expiresAt: Date.now() + 3600_000 };
    },
    authorize: () => true,
  });
  return {
    accountUrl: service.accountUrl(ACCOUNT),
    accountName: ACCOUNT,
    caPem: tls.caPem,
    credential: { getToken: async () => ({ token: TOKEN, expiresOnTimestamp: Date.now() + 3600_000 }) },
    ensureContainer: (name, versioning) => service.ensureContainer(ACCOUNT, name, { versioning }),
    async close() {
      await service.close();
      distrust();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
