/** Entry of the process that the durability tests kill: `node cosmos-process.js {dataDir} {port}`. */
import { join } from 'node:path';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { startCosmos } from '../../../local/cosmos/start-cosmos.ts';
import { DATABASE, verifyTestToken } from './test-identity.ts';

const [dataDir = '', port = '0'] = process.argv.slice(2);
const service = await startCosmos({
  port: Number(port),
  dataDir,
  tls: await ensureTlsMaterial(join(dataDir, 'tls')),
  verify: verifyTestToken,
  authorize: () => true,
  // Small, so that compactions happen under the writers.
  compactAbove: 64 * 1024,
});
await service.ensureContainer({ database: DATABASE, name: 'durable', partitionKeyPath: '/pk' });
process.stdout.write(`${JSON.stringify({ endpoint: service.endpoint })}\n`);
