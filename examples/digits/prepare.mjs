// node prepare.mjs --data DIR [--silos 10] [--alpha 0.3] [--seed 1] [--json]
// Deals the digits out: DIR/<silo>/train.bin for every silo, DIR/test/test.bin for nobody.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAsScript } from '../shared/script.mjs';
import { writeDigits } from './digit-file.mjs';
import { readDigits, selectRows } from './digits.mjs';
import { dirichletSplit } from './dirichlet.mjs';

/**
 * @param {{ data: string, silos: number, alpha: number, seed: string }} options
 * @returns {{ silo: string, digits: number, perClass: number[] }[]}
 */
export function prepare({ data, silos, alpha, seed }) {
  const { train, test } = readDigits();
  writeDigits(join(data, 'test', 'test.bin'), test);
  return dirichletSplit(train.labels, { silos, alpha, seed }).map((rows, index) => {
    const silo = `silo-${index + 1}`;
    const set = selectRows(train, rows);
    writeDigits(join(data, silo, 'train.bin'), set);
    const perClass = Array.from(
      { length: 10 },
      (_, label) => set.labels.filter((found) => found === label).length,
    );
    return { silo, digits: rows.length, perClass };
  });
}

runAsScript(import.meta.url, 'prepare.mjs', () => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      silos: { type: 'string', default: '10' },
      alpha: { type: 'string', default: '0.3' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.data === undefined)
    throw new Error('usage: node prepare.mjs --data DIR [--silos 10] [--alpha 0.3]');
  const { data, seed } = values;
  const dealt = prepare({ data, seed, silos: Number(values.silos), alpha: Number(values.alpha) });
  if (values.json) console.log(JSON.stringify(dealt));
  else
    for (const { silo, digits, perClass } of dealt)
      console.log(`${silo}: ${digits} digits (${perClass.join(' ')})`);
});
