/**
 * Who can do what, asked of the running services: every identity tries everything, and each answer has to be the
 * one that follows from the table of grants. The promises at the end do not look at that table.
 */
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePortBase } from '../../cli/up/free-ports.ts';
import { accounts, cloudDirectories, coordinatorVault, siloVault } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';
import { type Cloud, startCloud } from '../../local/cloud/start-cloud.ts';
import { ensureTlsMaterial } from '../../local/core/tls.ts';
import {
  aggregatorGrants,
  coordinatorGrants,
  covers,
  type Grant,
  siloGrants,
} from '../../shared/domain/access.ts';
import { trustLocalCa } from '../local/trust.ts';
import { markdownTable } from '../markdown-table.ts';
import { seed } from './blob-operations.ts';
import { type Clients, clientsOf } from './clients-of.ts';
import type { KeyUnderTest } from './key-operations.ts';
import type { Operation } from './operation.ts';
import { operationsOn, silos, vaults } from './operations.ts';
import { credentialFrom } from './workload-credential.ts';

const identities = ['coordinator', 'aggregator', 'silo-a', 'silo-b', 'viewer', 'operator', 'admin'] as const;
type Identity = (typeof identities)[number];

const topology = {
  modelsAccount: accounts.models,
  updatesAccount: accounts.updates,
  coordinatorVault,
  silos: silos.map((silo) => ({ silo, vault: siloVault(silo) })),
};
const grants: Readonly<Record<Identity, readonly Grant[]>> = {
  coordinator: coordinatorGrants(topology),
  aggregator: aggregatorGrants(topology),
  'silo-a': siloGrants(topology, 'a', siloVault('a')),
  'silo-b': siloGrants(topology, 'b', siloVault('b')),
  viewer: [],
  operator: [],
  admin: [],
};

let dataDir: string;
let cloud: Cloud;
let distrust: () => void;
let clients: Record<Identity, Clients>;
let operations: Operation[];
/** `identity: operation` to what came of it. */
const outcomes = new Map<string, string>();

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-isolation-'));
  const tls = await ensureTlsMaterial(cloudDirectories(dataDir).tls);
  distrust = trustLocalCa(tls.caPem);
  cloud = await startCloud({ dataDir, portBase: await freePortBase(), tls });
  for (const silo of silos) await cloud.ensureSilo(silo);

  const environments = cloudDirectories(dataDir).environments;
  const file = (name: string) => join(environments, `${name}.env`);
  const own = readEnvironment(file('coordinator'));
  const as = (name: string, clientId?: string) => clientsOf(cloud, credentialFrom(file(name), clientId));
  clients = {
    coordinator: as('coordinator', own['COORDINATOR_CLIENT_ID']),
    aggregator: as('coordinator', own['AGGREGATOR_CLIENT_ID']),
    'silo-a': as('silo-a'),
    'silo-b': as('silo-b'),
    viewer: as('viewer'),
    operator: as('operator'),
    admin: as('admin'),
  };
  await Promise.all([
    clients.coordinator.blob('models', 'models', seed).upload('seed', 4),
    clients.coordinator.blob('models', 'rounds', seed).upload('seed', 4),
    clients.aggregator.blob('updates', 'shards', seed).upload('seed', 4),
    clients['silo-a'].blob('updates', 'updates-a', seed).upload('seed', 4),
    clients['silo-b'].blob('updates', 'updates-b', seed).upload('seed', 4),
  ]);
  operations = operationsOn(await keysUnderTest());
});

afterAll(async () => {
  await Promise.all(Object.values(clients).map((each) => each.close()));
  await cloud.close();
  distrust();
  await rm(dataDir, { recursive: true, force: true });
});

/** Read by their rightful owners, with a data key wrapped for each KEK. */
async function keysUnderTest(): Promise<KeyUnderTest[]> {
  const owners = [clients.coordinator, clients['silo-a'], clients['silo-b']];
  const endpoints = [cloud.coordinatorVault, ...silos.map((silo) => cloud.vaultOf(silo))];
  const found: KeyUnderTest[] = [];
  for (const [index, { vault, keys }] of vaults.entries()) {
    const endpoint = endpoints[index]?.endpoint ?? '';
    for (const key of keys) {
      const { id = '', key: jwk } = (await owners[index]?.keys(endpoint).getKey(key)) ?? {};
      found.push({ vault, endpoint, key, kid: id, wrapped: wrapFor(jwk?.n, jwk?.e) });
    }
  }
  return found;
}

function wrapFor(n: Uint8Array | undefined, e: Uint8Array | undefined): Uint8Array {
  if (n === undefined || e === undefined) return randomBytes(384);
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const key = createPublicKey({ key: { kty: 'RSA', n: text(n), e: text(e) }, format: 'jwk' });
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key, padding, oaepHash: 'sha256' }, randomBytes(32));
}

function isGranted(identity: Identity, { actions, scope }: Operation): boolean {
  return actions.some((action) => grants[identity].some((grant) => covers(grant, action, scope)));
}

const BLOCKED = /is blocked because principal \[.*\] does not have the required RBAC permission/;

/** `allowed`, `denied`, or what else happened. */
async function outcomeOf(operation: Operation, as: Clients): Promise<string> {
  try {
    await operation.run(as);
    return 'allowed';
  } catch (error) {
    const { statusCode, code, message } = error as { statusCode?: number; code?: unknown; message?: string };
    const status = statusCode ?? code;
    // The client gives the errors of a batch no code.
    const isDenied = status === 403 || status === 'UnauthorizedAccess' || BLOCKED.test(message ?? '');
    return isDenied ? 'denied' : `${String(status)}: ${message}`;
  }
}

describe('every identity against every resource', () => {
  it.each(identities)('%s is allowed exactly what its grants say', async (identity) => {
    const expected: Record<string, string> = {};
    const actual: Record<string, string> = {};
    for (const operation of operations) {
      expected[operation.name] = isGranted(identity, operation) ? 'allowed' : 'denied';
      const outcome = await outcomeOf(operation, clients[identity]);
      actual[operation.name] = outcome;
      outcomes.set(`${identity}: ${operation.name}`, outcome);
    }
    expect(actual).toEqual(expected);
  });

  it('follows the table that lies in this folder', async () => {
    const rows = operations.map((operation) => [
      operation.name,
      ...identities.map((identity) => (isGranted(identity, operation) ? 'yes' : '')),
    ]);
    const table = markdownTable(['operation', ...identities], rows);
    const title =
      '# Who may do what\n\nWritten by matrix.test.ts (`vitest -u`) from shared/domain/access.ts, and asked of the running services there.';
    await expect(`${title}\n\n${table}\n`).toMatchFileSnapshot('./expected-access.md');
  });

  it('was asked in full, and has both answers for each kind of access that anybody holds', () => {
    const counted = (answer: string) => [...outcomes.values()].filter((outcome) => outcome === answer).length;
    console.log(
      `isolation: ${outcomes.size} attempts, ${counted('allowed')} allowed, ${counted('denied')} denied`,
    );
    expect(outcomes.size).toBe(identities.length * operations.length);
    expect(counted('allowed') + counted('denied')).toBe(outcomes.size);
    const held = new Set(
      Object.values(grants)
        .flat()
        .map(({ action }) => action),
    );
    for (const action of held) {
      const answers = operations
        .filter((operation) => operation.actions.includes(action))
        .flatMap(({ name }) => identities.map((identity) => outcomes.get(`${identity}: ${name}`)));
      expect(new Set(answers), action).toEqual(new Set(['allowed', 'denied']));
    }
  });
});

describe('what is promised to the silos', () => {
  it.each([
    ['silo-a', 'receive silo-b', 'denied'],
    ['silo-a', 'peek silo-b', 'denied'],
    ['silo-a', 'send silo-b', 'denied'],
    ['silo-a', 'send silo-a', 'denied'],
    ['silo-a', 'receive updates', 'denied'],
    ['silo-a', 'read updates-b', 'denied'],
    ['silo-a', 'create updates-b', 'denied'],
    ['silo-a', 'overwrite updates-a', 'denied'],
    ['silo-a', 'delete updates-a', 'denied'],
    ['silo-a', 'read models', 'denied'],
    ['silo-a', 'query experiments', 'denied'],
    ['silo-a', 'get vault-b/kek', 'denied'],
    ['silo-a', 'sign vault-b/sig', 'denied'],
    ['silo-a', 'unwrap vault-b/kek', 'denied'],
    ['silo-a', 'unwrap vault-a/kek', 'denied'],
    ['silo-a', 'sign coordinator/plan-signing', 'denied'],
    ['silo-b', 'receive silo-a', 'denied'],
    ['silo-b', 'read updates-a', 'denied'],
    ['silo-b', 'sign vault-a/sig', 'denied'],
    ['silo-b', 'unwrap vault-a/kek', 'denied'],
    ['coordinator', 'receive silo-a', 'denied'],
    ['coordinator', 'read updates-a', 'denied'],
    ['coordinator', 'unwrap vault-a/kek', 'denied'],
    ['coordinator', 'sign vault-a/sig', 'denied'],
    ['coordinator', 'overwrite models', 'denied'],
    ['coordinator', 'delete models', 'denied'],
    ['coordinator', 'overwrite rounds', 'denied'],
    ['aggregator', 'sign vault-a/sig', 'denied'],
    ['aggregator', 'delete vault-a/kek', 'denied'],
    ['aggregator', 'create updates-a', 'denied'],
    ['aggregator', 'create item experiments', 'denied'],
    ['aggregator', 'sign coordinator/plan-signing', 'denied'],
    ['viewer', 'query experiments', 'denied'],
    ['viewer', 'read models', 'denied'],
    ['silo-a', 'receive silo-a', 'allowed'],
    ['silo-a', 'send updates', 'allowed'],
    ['silo-a', 'create updates-a', 'allowed'],
    ['silo-a', 'sign vault-a/sig', 'allowed'],
    ['aggregator', 'unwrap vault-a/kek', 'allowed'],
    ['aggregator', 'read updates-a', 'allowed'],
  ])('%s: %s is %s', (identity, operation, expected) => {
    expect(outcomes.get(`${identity}: ${operation}`)).toBe(expected);
  });
});

describe('a token that is not for the service it is shown to', () => {
  const stolenFor = (audience: string) => {
    const real = credentialFrom(join(cloudDirectories(dataDir).environments, 'silo-a.env'));
    return { getToken: () => real.getToken(audience) };
  };

  it('is refused by storage, vault and Cosmos alike', async () => {
    const vaultToken = clientsOf(cloud, stolenFor('https://vault.azure.net'));
    const storageToken = clientsOf(cloud, stolenFor('https://storage.azure.com'));
    const vault = cloud.vaultOf('a')?.endpoint ?? '';
    const statusOf = async (work: Promise<unknown>): Promise<unknown> => {
      const error: unknown = await work.then(
        () => 'done',
        (reason: unknown) => reason,
      );
      const { statusCode, code } = error as { statusCode?: number; code?: unknown };
      return statusCode ?? code;
    };
    expect(await statusOf(vaultToken.blob('updates', 'updates-a', 'stolen').upload('x', 1))).toBe(401);
    expect(await statusOf(storageToken.keys(vault).getKey('sig'))).toBe(401);
    expect(await statusOf(storageToken.cosmos('experiments').item('x', 'y').read())).toBe(401);
    expect(await statusOf(storageToken.bus.createSender('updates').sendMessages({ body: 1 }))).toBe(
      'UnauthorizedAccess',
    );
    await Promise.all([vaultToken.close(), storageToken.close()]);
  });

  it('is never given for an identity that the workload does not hold', async () => {
    const environments = cloudDirectories(dataDir).environments;
    const own = readEnvironment(join(environments, 'coordinator.env'));
    const borrowed = credentialFrom(join(environments, 'silo-a.env'), own['AGGREGATOR_CLIENT_ID']);
    await expect(borrowed.getToken('https://vault.azure.net')).rejects.toThrow(/no token: 400/);
  });
});
