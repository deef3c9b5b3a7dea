/**
 * `npm run campaign -- [--kills N] [--seed S] [--service name] [--quick] [--plant] [--json]`: every service of the
 * embedded cloud is killed with SIGKILL under the load of its official client. Nothing acknowledged may be lost and
 * nothing deleted or completed may come back. Exit code 1 where something was (with --plant: where nothing was).
 *
 * With `--garbage milliseconds` the services are attacked by hostile peers instead, and it is measured how long their
 * clients wait meanwhile.
 */
import { seededRandom } from '../crash/random.ts';
import { type AttackResult, attackService } from './attack-service.ts';
import { killService, type ServiceResult } from './kill-service.ts';
import { type CampaignOptions, readOptions, shares } from './options.ts';
import { attackLine, attackTable, killLine, killTable } from './report.ts';

const options = readOptions(process.argv.slice(2));
const random = seededRandom(options.seed);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function killAll({ services, kills, plant }: CampaignOptions): Promise<ServiceResult[]> {
  const share = shares(kills, services.length);
  const results: ServiceResult[] = [];
  for (const [index, service] of services.entries()) {
    const result = await killService({ service, kills: share[index] ?? 0, plant, random });
    results.push(result);
    say(killLine(result));
  }
  return results;
}

async function attackAll(milliseconds: number): Promise<AttackResult[]> {
  const results: AttackResult[] = [];
  for (const service of options.services) {
    const result = await attackService({ service, milliseconds, random });
    results.push(result);
    say(attackLine(result));
  }
  return results;
}

function print(results: readonly unknown[], text: string): void {
  const { seed, plant } = options;
  process.stdout.write(`${options.json ? JSON.stringify({ seed, plant, results }, null, 2) : text}\n`);
}

if (options.garbage === undefined) {
  const results = await killAll(options);
  print(results, `${killTable(results)}\nseed ${options.seed}`);
  const damaged = results.filter(({ lost, back, wrong }) => lost.length + back.length + wrong.length > 0);
  // A defect that was planted must be seen at every service.
  process.exit(options.plant ? Number(damaged.length < results.length) : Number(damaged.length > 0));
}
const results = await attackAll(options.garbage);
print(results, attackTable(results));
process.exit(0);
