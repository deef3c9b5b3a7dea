// What a deployment costs per round and per month, by the model in scripts/cost/.
//
// usage: node scripts/cost.mjs                      print the tables
//        node scripts/cost.mjs --write              put them into docs/cost.md
//        node scripts/cost.mjs --silos 5 --model-mib 40 --rounds 300 [--sandbox minimal] [--json]
import { parseArgs } from 'node:util';
import { busyShare, consumptionOfRound, costOfMonth } from './cost/model.mjs';
import { prices, pricesAsOf } from './cost/prices.mjs';
import { sandboxes } from './cost/sandboxes.mjs';
import { writeSection } from './write-section.mjs';

const { values } = parseArgs({
  options: {
    sandbox: { type: 'string' },
    silos: { type: 'string' },
    'model-mib': { type: 'string' },
    rounds: { type: 'string' },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

function wholeNumber(option, least) {
  const value = values[option];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < least)
    fail(`--${option} must be a whole number, at least ${least}`);
  return number;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const dollars = (value) => (value < 0.005 ? '0.00' : value < 10 ? value.toFixed(2) : value.toFixed(0));
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

function monthTable(list) {
  const costs = list.map((sandbox) => ({ sandbox, cost: costOfMonth(sandbox, prices) }));
  const parts = Object.keys(costs[0].cost.coordinator);
  return table(
    ['sandbox', 'work in a month', ...parts, 'total', 'of it idle', 'a round', 'one silo'],
    costs.map(({ sandbox, cost }) => [
      sandbox.name,
      `${sandbox.roundsPerMonth} rounds, ${sandbox.silos} silos, ${Math.round(sandbox.modelBytes / 2 ** 20)} MiB`,
      ...parts.map((part) => dollars(cost.coordinator[part])),
      `**${dollars(cost.total)}**`,
      dollars(cost.idle),
      cost.perRound.toFixed(3),
      dollars(cost.silo),
    ]),
  );
}

function roundTable(list) {
  return table(
    [
      'sandbox',
      'executions',
      'seconds billed',
      'scheduler actions',
      'queue operations',
      'request units',
      'blob writes',
      'blob reads',
      'key operations',
      'to the silos',
    ],
    list.map((sandbox) => {
      const each = consumptionOfRound(sandbox);
      const { keyVault: keys } = each;
      return [
        sandbox.name,
        each.functions.executions,
        Math.ceil(each.functions.seconds),
        each.schedulerActions,
        each.serviceBus.operations,
        each.cosmos.requestUnits,
        each.blob.writes,
        each.blob.reads,
        keys.coordinatorSignatures + keys.unwraps + keys.siloSignatures,
        `${Math.round(each.egressBytes / 2 ** 20)} MiB`,
      ];
    }),
  );
}

function comparison(list) {
  const { d4sV5PerMonth, premiumDisk256PerMonth } = prices.virtualMachine;
  const machine = d4sV5PerMonth + premiumDisk256PerMonth;
  return table(
    [
      'sandbox',
      'Tributary, USD a month',
      'one always-on 4-core machine with its disk',
      'busy share of the month',
    ],
    list.map((sandbox) => [
      sandbox.name,
      dollars(costOfMonth(sandbox, prices).total),
      dollars(machine),
      `${(100 * busyShare(sandbox)).toFixed(2)} %`,
    ]),
  );
}

const chosen = sandboxes.filter(({ name }) => values.sandbox === undefined || name === values.sandbox);
if (chosen.length === 0)
  fail(`there is no sandbox ${values.sandbox}; there are ${sandboxes.map(({ name }) => name).join(', ')}`);
const silos = wholeNumber('silos', 1);
const modelMib = wholeNumber('model-mib', 1);
const rounds = wholeNumber('rounds', 0);
const list = chosen.map((sandbox) => ({
  ...sandbox,
  ...(silos === undefined ? {} : { silos, silosOutsideRegion: Math.min(sandbox.silosOutsideRegion, silos) }),
  ...(modelMib === undefined ? {} : { modelBytes: modelMib * 2 ** 20 }),
  ...(rounds === undefined ? {} : { roundsPerMonth: rounds }),
}));

const sections = { month: monthTable(list), round: roundTable(list), comparison: comparison(list) };
if (values.write) {
  for (const [name, content] of Object.entries(sections)) writeSection('docs/cost.md', name, content);
} else if (values.json) {
  const answer = list.map((sandbox) => ({
    sandbox: sandbox.name,
    round: consumptionOfRound(sandbox),
    month: costOfMonth(sandbox, prices),
  }));
  process.stdout.write(`${JSON.stringify({ pricesAsOf, prices, currency: 'USD', sandboxes: answer })}\n`);
} else {
  process.stdout.write(
    `US dollars a month, list prices of ${pricesAsOf}\n\n${sections.month}\n\nOne round consumes\n\n${sections.round}\n\n${sections.comparison}\n`,
  );
}
