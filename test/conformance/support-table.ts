/**
 * What the embedded cloud supports, and which tests say so. Supported operations are the product's own lists, the
 * unsupported ones those that unsupported.test.ts calls, and tests are found by what they claim in `conform([...]`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OPERATIONS as BLOB_OPERATIONS } from '../../local/blob/operations.ts';
import { ITEMS_NAMES, METADATA_NAMES } from '../../local/cosmos/operation.ts';
import { REQUIRED_ACTIONS, UNSUPPORTED_OPERATIONS } from '../../local/key-vault/operation.ts';
import { markdownTable } from '../markdown-table.ts';
import { UNSUPPORTED_BLOB } from './blob/unsupported-calls.ts';
import { type ServiceName, services } from './conform.ts';
import { UNSUPPORTED_COSMOS } from './cosmos/unsupported-calls.ts';
import { differences } from './differences.ts';
import { UNSUPPORTED_KEY_VAULT } from './key-vault/unsupported-calls.ts';
import { OPERATIONS as SERVICE_BUS_OPERATIONS } from './service-bus/operations.ts';
import { UNSUPPORTED_SERVICE_BUS } from './service-bus/unsupported-calls.ts';

interface Support {
  readonly title: string;
  readonly supported: readonly string[];
  readonly unsupported: readonly string[];
}

const names = (calls: readonly (readonly [string, ...unknown[]])[]): string[] => [
  ...new Set(calls.map(([name]) => name)),
];

export const support: Readonly<Record<ServiceName, Support>> = {
  blob: {
    title: 'Blob',
    supported: BLOB_OPERATIONS.map(({ name }) => name),
    unsupported: names(UNSUPPORTED_BLOB),
  },
  cosmos: {
    title: 'Cosmos DB',
    supported: [...METADATA_NAMES, ...ITEMS_NAMES],
    unsupported: names(UNSUPPORTED_COSMOS),
  },
  'key-vault': {
    title: 'Key Vault',
    supported: Object.keys(REQUIRED_ACTIONS).filter(
      (name) => !UNSUPPORTED_OPERATIONS.some((unsupported) => unsupported === name),
    ),
    unsupported: names(UNSUPPORTED_KEY_VAULT),
  },
  'service-bus': {
    title: 'Service Bus',
    supported: Object.keys(SERVICE_BUS_OPERATIONS),
    unsupported: names(UNSUPPORTED_SERVICE_BUS),
  },
};

/** Operation to the suites that exercise it, by what each test claims. */
export function claimsOf(service: ServiceName, folder = join('test', 'conformance')): Map<string, string[]> {
  const claims = new Map<string, string[]>();
  for (const file of readdirSync(join(folder, service)).filter((name) => name.endsWith('.test.ts'))) {
    const source = readFileSync(join(folder, service, file), 'utf8');
    for (const [, list = ''] of source.matchAll(/\bconform\(\s*\[([^\]]*)\]/g)) {
      for (const [, operation = ''] of list.matchAll(/'([^']+)'/g)) {
        const suites = claims.get(operation) ?? [];
        claims.set(operation, suites);
        suites.push(basename(file, '.test.ts'));
      }
    }
  }
  return claims;
}

/** Markdown: one table per service. */
export function supportTable(): string {
  return services.map(tableOf).join('\n');
}

function tableOf(service: ServiceName): string {
  const { title, supported, unsupported } = support[service];
  const claims = claimsOf(service);
  const rows = [
    ...supported.map((operation) => [operation, 'yes', testsOf(claims.get(operation) ?? [])]),
    ...unsupported.map((operation) => [operation, 'no, refused by name', 'unsupported']),
  ];
  return [`### ${title}`, '', markdownTable(['Operation', 'Supported', 'Tests'], rows), ''].join('\n');
}

/** `4: links, put-and-get`. */
function testsOf(suites: readonly string[]): string {
  return `${suites.length}: ${[...new Set(suites)].sort().join(', ')}`;
}

/** Markdown: where other backends differ, and by what ours goes. */
export function differencesTable(): string {
  const rows = differences.map(({ backend, test, backendDoes, source }) => [
    backend,
    test,
    backendDoes,
    source,
  ]);
  return `${markdownTable(['Backend', 'What is tested', 'What it does', 'Ours by'], rows)}\n`;
}

/** The page with what stands between its marks replaced. @throws Error when the page has no such marks */
export function withGenerated(page: string, kind: 'support' | 'differences'): string {
  const begin = `<!-- ${kind}: written by \`npm run generate:support\` -->`;
  const [from, to] = [page.indexOf(begin), page.indexOf(`<!-- ${kind}: end -->`)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${kind}`);
  const content = kind === 'support' ? supportTable() : differencesTable();
  return `${page.slice(0, from)}${begin}\n\n${content}\n${page.slice(to)}`;
}
