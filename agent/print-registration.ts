/**
 * `--config silo.yaml [--previous-sig KEY-ID]`: prints the silo's signed registration as JSON; with the id of the signing
 * key before, signed by that one too, which is how a silo changes its keys by itself. A process of its own, so that it runs with the
 * silo's identity while the program that hands the document in runs with an operator's.
 */
import { parseArgs } from 'node:util';
import { connect } from './azure/connect.ts';
import { readConfig } from './config.ts';
import { startLog } from './log.ts';
import { registrationOf } from './registration.ts';

const { values } = parseArgs({
  options: { config: { type: 'string' }, 'previous-sig': { type: 'string' } },
});
const previousSig = values['previous-sig'];
if (values.config === undefined) {
  process.stderr.write('usage: registration --config silo.yaml [--previous-sig KEY-ID]\n');
  process.exit(2);
}
try {
  const config = await readConfig(values.config);
  const log = startLog({ json: false, now: Date.now, write: (line) => process.stderr.write(line) });
  const { world, tokenFor, signWith } = connect(config, log);
  const accessToken = await tokenFor(`${config.coordinator.audience}/.default`);
  const document = await registrationOf(config, {
    keys: world.keys,
    accessToken,
    now: Date.now(),
    ...(previousSig === undefined ? {} : { previousSign: signWith(previousSig) }),
  });
  process.stdout.write(`${JSON.stringify(document)}\n`, () => process.exit(0));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
