/** Names, keys, lifetimes in the templates against shared/domain/resources.ts, which the code uses. */
import {
  blobContainers,
  cosmosContainers,
  keyNames,
  lockSeconds,
  queueLimits,
  queues,
} from '../../../shared/domain/resources.ts';
import { at } from '../evaluate/access.ts';
import { type Instance, known, show, type Value } from '../evaluate/value.ts';
import { deployed, equals, nameOf, propertyRule } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const queue = 'Microsoft.ServiceBus/namespaces/queues';
const cosmosContainer = 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers';
const checklist = '4 Service Bus';
const messaging = 'infra/modules/messaging.bicep';
const ledger = 'infra/modules/ledger.bicep';
const lock = `PT${lockSeconds}S`;

const named = (name: string) => (instance: Instance) => nameOf(instance) === name;

/** `PT1H`, `P14D`, `PT30S` in seconds. */
function seconds(duration: Value | undefined): number | undefined {
  const text = duration === undefined ? undefined : known(duration);
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(String(text));
  if (match === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, rest = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + rest;
}

/** A silo's own queue is called after it, so its name is known only with a roster. */
function isSiloQueue(instance: Instance): boolean {
  const name = at(instance.body, 'name');
  return name !== undefined && show(name).includes('silo-');
}

export const resourceRules: readonly Rule[] = [
  {
    id: 'queues-of-the-code',
    checklist,
    title: 'The queues that the code uses are made: updates and signals, with their limits.',
    fix: 'Make the queue as shared/domain/resources.ts names it.',
    mutations: [
      { kind: 'replace', path: messaging, find: /name: 'signals'/, by: "name: 'progress'" },
      { kind: 'replace', path: messaging, find: /maxDeliveryCount: 3/, by: 'maxDeliveryCount: 30' },
      { kind: 'replace', path: messaging, find: /'PT1H'/, by: "'P1D'" },
    ],
    check({ deployment }) {
      const namespaces = deployed(deployment, 'Microsoft.ServiceBus/namespaces');
      const findings = namespaces.flatMap(({ place }) =>
        ([queues.updates, queues.signals] as const).flatMap((name) => {
          const one = deployed(deployment, queue).find(named(name));
          if (one === undefined) return [{ place, message: `no queue ${name}` }];
          const limits: { maxDeliveryCount: number; ttlSeconds?: number } = queueLimits[name];
          const deliveries = at(one.body, 'properties.maxDeliveryCount');
          const lifetime = seconds(at(one.body, 'properties.defaultMessageTimeToLive'));
          return [
            ...(deliveries !== undefined && known(deliveries) === limits.maxDeliveryCount
              ? []
              : [{ place: one.place, message: `maxDeliveryCount has to be ${limits.maxDeliveryCount}` }]),
            ...(limits.ttlSeconds === undefined || lifetime === limits.ttlSeconds
              ? []
              : [{ place: one.place, message: `time to live has to be ${limits.ttlSeconds} s` }]),
          ];
        }),
      );
      return { subjects: namespaces.length, findings };
    },
  },
  propertyRule({
    id: 'queue-lock-of-the-code',
    checklist,
    title: 'A message is locked for as long as the code counts on.',
    fix: `Set lockDuration to '${lock}', as lockSeconds says.`,
    type: queue,
    path: 'properties.lockDuration',
    expect: equals(lock, 'PT5M'),
    isOptional: true,
  }),
  propertyRule({
    id: 'queue-updates-put-aside',
    checklist,
    title: 'A reply that expired is put aside, not lost.',
    fix: 'Set deadLetteringOnMessageExpiration to true on the queue of updates.',
    type: queue,
    path: 'properties.deadLetteringOnMessageExpiration',
    expect: equals(true, false),
    where: named(queues.updates),
    symbol: 'updates',
  }),
  propertyRule({
    id: 'queue-plans-dropped',
    checklist,
    title: 'A plan that expired is dropped: the coordinator cannot read a silo’s dead letters.',
    fix: 'Set deadLetteringOnMessageExpiration to false on silos’ queues.',
    type: queue,
    path: 'properties.deadLetteringOnMessageExpiration',
    expect: equals(false, true),
    where: isSiloQueue,
    symbol: 'queue',
  }),
  {
    id: 'containers-of-the-ledger',
    checklist: '5 Cosmos DB',
    title:
      'The ledger has the containers that the code uses, with their partition keys and lifetimes, and no other.',
    fix: 'Make the container as shared/domain/resources.ts names it.',
    mutations: [
      { kind: 'replace', path: ledger, find: /name: 'audit'/, by: "name: 'events'" },
      { kind: 'replace', path: ledger, find: /'\/siloId'/, by: "'/id'" },
      { kind: 'replace', path: ledger, find: /defaultTtl: 86400/, by: 'defaultTtl: 600' },
    ],
    check({ deployment }) {
      const made = deployed(deployment, cosmosContainer);
      const [account] = deployed(deployment, 'Microsoft.DocumentDB/databaseAccounts');
      if (account === undefined) return { subjects: 0, findings: [] };
      const wanted = Object.values(cosmosContainers);
      const missing = wanted
        .filter(({ name }) => !made.some(named(name)))
        .map(({ name }) => ({ place: account.place, message: `no container ${name}` }));
      const wrong = made.flatMap((one) => {
        const container = wanted.find(({ name }) => name === nameOf(one));
        if (container === undefined)
          return [{ place: one.place, message: 'the code knows no such container' }];
        const paths = at(one.body, 'properties.resource.partitionKey.paths');
        const ttl = at(one.body, 'properties.resource.defaultTtl');
        const wantedTtl = 'ttlSeconds' in container ? container.ttlSeconds : undefined;
        return [
          ...(paths !== undefined && show(paths) === `['${container.partitionKey}']`
            ? []
            : [{ place: one.place, message: `the partition key has to be ${container.partitionKey}` }]),
          ...((ttl === undefined ? undefined : known(ttl)) === wantedTtl
            ? []
            : [{ place: one.place, message: `defaultTtl has to be ${wantedTtl ?? 'unset'}` }]),
        ];
      });
      return { subjects: made.length + 1, findings: [...missing, ...wrong] };
    },
  },
  {
    id: 'containers-of-blobs',
    checklist: '3 Blob rights',
    title: 'The models account has the containers that the code uses, and no other.',
    fix: 'Make the containers that shared/domain/resources.ts names.',
    mutations: [{ kind: 'replace', path: 'infra/modules/accounts.bicep', find: /'rounds'/, by: "'plans'" }],
    check({ deployment }) {
      const accounts = deployed(deployment, 'Microsoft.Storage/storageAccounts').filter(({ modules }) =>
        modules.includes('modelsAccount'),
      );
      const made = deployed(deployment, 'Microsoft.Storage/storageAccounts/blobServices/containers')
        .filter(({ modules }) => modules.includes('modelsAccount'))
        .map(nameOf);
      const wanted: (string | undefined)[] = [blobContainers.models, blobContainers.rounds];
      const isSame = made.length === wanted.length && wanted.every((name) => made.includes(name));
      const findings = accounts
        .filter(() => !isSame)
        .map(({ place }) => ({ place, message: `has ${made.join(', ')}` }));
      return { subjects: accounts.length, findings };
    },
  },
  {
    id: 'keys-of-the-code',
    checklist: '6 Key Vault',
    title: 'Vaults have the keys that the code uses, by name.',
    fix: 'Name the keys as shared/domain/resources.ts does.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/coordinator.bicep',
        find: /planSigningKeyName = 'plan-signing'/,
        by: "planSigningKeyName = 'signing'",
      },
      { kind: 'replace', path: 'infra/silo/main.bicep', find: /kekName: 'kek'/, by: "kekName: 'wrapping'" },
    ],
    check({ deployment }) {
      const keys = deployed(deployment, 'Microsoft.KeyVault/vaults/keys');
      const names: (string | undefined)[] = Object.values(keyNames);
      const findings = keys
        .filter((one) => !names.includes(nameOf(one)))
        .map(({ place }) => ({ place, message: 'the code knows no key of this name' }));
      return { subjects: keys.length, findings };
    },
  },
];
