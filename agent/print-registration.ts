/**
 * `--config silo.yaml`: prints the silo's signed registration as JSON. A process of its own, so that it runs with the
 * silo's identity while the program that hands the document in runs with an operator's.
 */
import { parseArgs } from 'node:util';
import { connect } from './azure/connect.ts';
import { readConfig } from './config.ts';
import { startLog } from './log.ts';
import { registrationOf } from './registration.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) {
  process.stderr.write('usage: registration --config silo.yaml\n');
  process.exit(2);
}
try {
  const config = await readConfig(values.config);
  const log = startLog({ json: false, now: Date.now, write: (line) => process.stderr.write(line) });
  const { world, tokenFor } = connect(config, log);
  const accessToken = await tokenFor(`${config.coordinator.audience}/.default`);
  const document = await registrationOf(config, { keys: world.keys, accessToken, now: Date.now() });
  process.stdout.write(`${JSON.stringify(document)}\n`, () => process.exit(0));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
