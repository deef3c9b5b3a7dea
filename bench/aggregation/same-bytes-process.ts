/** The same aggregations under another Node. Argument: `true` for the quick form. */
import { digestsOfAllWays } from './same-bytes.ts';

const { digests } = await digestsOfAllWays(process.argv[2] === 'true');
process.stdout.write(JSON.stringify({ version: process.versions.node, digests }));
