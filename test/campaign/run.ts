/**
 * `npm run campaign -- [--kills N] [--seed S] [--service name] [--quick] [--plant] [--json]`: every service of the
 * embedded cloud is killed with SIGKILL under the load of its official client. Nothing acknowledged may be lost and
 * nothing deleted or completed may come back. Exit code 1 where something was (with --plant: where nothing was).
 */
import { table } from '../../cli/output/tables.ts';
import { seededRandom } from '../crash/random.ts';
import { killService, type ServiceResult } from './kill-service.ts';
import { readOptions, shares } from './options.ts';

const { kills, seed, services, plant, json } = readOptions(process.argv.slice(2));
const random = seededRandom(seed);
const share = shares(kills, services.length);
const results: ServiceResult[] = [];
for (const [index, service] of services.entries()) {
  const result = await killService({ service, kills: share[index] ?? 0, plant, random });
  results.push(result);
  const { lost, back, wrong, seconds } = result;
  process.stderr.write(
    `${service}: ${result.kills} kills, ${result.acknowledgements} acknowledgements, ` +
      `${lost.length} lost, ${back.length} back, ${wrong.length} wrong, ${seconds.toFixed(1)} s\n`,
  );
  for (const finding of [...lost, ...back, ...wrong].slice(0, 5)) {
    process.stderr.write(`  ${JSON.stringify(finding)}\n`);
  }
}

const damaged = results.filter(({ lost, back, wrong }) => lost.length + back.length + wrong.length > 0);
const total = results.reduce((sum, result) => sum + result.kills, 0);
if (json) process.stdout.write(`${JSON.stringify({ seed, plant, kills: total, results }, null, 2)}\n`);
else {
  const header = ['service', 'kills', 'acknowledged', 'items', 'lost', 'back', 'wrong', 'seconds'];
  const rows = results.map((result) => [
    result.service,
    String(result.kills),
    String(result.acknowledgements),
    String(result.items),
    String(result.lost.length),
    String(result.back.length),
    String(result.wrong.length),
    result.seconds.toFixed(1),
  ]);
  process.stdout.write(`${table(header, rows)}\nseed ${seed}, ${total} SIGKILLs\n`);
}
// A defect that was planted must be seen at every service.
process.exit(plant ? Number(damaged.length < results.length) : Number(damaged.length > 0));
