/** The whole coordinator in processes of its own, with silos whose part the test plays. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CosmosClient } from '@azure/cosmos';
import { freePortBase } from '../../cli/up/free-ports.ts';
import { makeLocalSilo } from '../../cli/up/local-silo.ts';
import { type LocalStackOptions, startLocalStack } from '../../cli/up/local-stack.ts';
import { apiAudience, cloudDirectories, database } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';
import type { ExperimentView, RoundView } from '../../shared/contracts/api.ts';
import type { AuditEntry } from '../../shared/contracts/documents.ts';
import { cosmosContainers } from '../../shared/domain/resources.ts';
import { credentialFrom } from '../isolation/workload-credential.ts';
import { trustLocalCa } from '../local/trust.ts';
import { eventually } from './eventually.ts';
import { connectSilo, type SiloUnderTest } from './silo-under-test.ts';

export interface Answer<T = unknown> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

/** Which environment file speaks: `viewer`, `operator`, `admin`, `coordinator` or `silo-{id}`; null sends no token. */
export type Speaker = string | null;

export interface CallOptions {
  readonly body?: unknown;
  /** The body as it is, instead of JSON. */
  readonly raw?: Uint8Array<ArrayBuffer> | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type CoordinatorUnderTest = Awaited<ReturnType<typeof startCoordinator>>;

export async function startCoordinator(
  siloIds: readonly string[],
  options: Pick<LocalStackOptions, 'app' | 'hostSettings' | 'onRestart'> = {},
) {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-coordinator-'));
  const stack = await startLocalStack({ dataDir, portBase: await freePortBase(), ...options });
  const directories = cloudDirectories(dataDir);
  const distrust = trustLocalCa(readFileSync(join(directories.tls, 'ca.pem'), 'utf8'));
  const environmentOf = (who: string) => join(directories.environments, `${who}.env`);
  const own = readEnvironment(environmentOf('coordinator'));
  const cosmos = new CosmosClient({
    endpoint: own['COSMOS_ENDPOINT'] ?? '',
    aadCredentials: credentialFrom(environmentOf('coordinator'), own['COORDINATOR_CLIENT_ID']),
  });

  async function call<T = unknown>(
    who: Speaker,
    method: string,
    path: string,
    { body, raw, headers }: CallOptions = {},
  ): Promise<Answer<T>> {
    const token = who === null ? null : await credentialFrom(environmentOf(who)).getToken(apiAudience);
    const response = await fetch(`${stack.api}/api/${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token.token}` }),
        ...(body === undefined && raw === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(raw !== undefined ? { body: raw } : body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      body: (isJson ? JSON.parse(text) : text) as T,
      headers: response.headers,
    };
  }

  async function makeSilo(silo: string): Promise<SiloUnderTest> {
    const { resources } = await makeLocalSilo({
      silo,
      dataDir,
      controlUrl: stack.controlUrl,
      controlKey: stack.controlKey,
      api: stack.api,
      planSigningThumbprint: 'A'.repeat(43),
      trainingCommand: ['true'],
      trainingData: dataDir,
    });
    return connectSilo(resources, credentialFrom(resources.environmentFile));
  }

  const silos = new Map<string, SiloUnderTest>();
  for (const id of siloIds) {
    const silo = await makeSilo(id);
    silos.set(id, silo);
    const { status, body } = await call('operator', 'POST', 'silos', { body: await silo.registration() });
    if (status !== 201) throw new Error(`silo ${id} was not admitted: ${JSON.stringify(body)}`);
  }

  const show = async (experiment: string): Promise<ExperimentView> =>
    (await call<ExperimentView>('viewer', 'GET', `experiments/${experiment}`)).body;

  return {
    stack,
    call,
    makeSilo,
    show,
    silo(id: string): SiloUnderTest {
      const found = silos.get(id);
      if (found === undefined) throw new Error(`there is no silo ${id}`);
      return found;
    },
    /** Creates an experiment and answers its id. */
    async create(spec: unknown): Promise<string> {
      const { status, body } = await call<{ experiment: string }>('operator', 'POST', 'experiments', {
        body: spec,
      });
      if (status !== 201) throw new Error(`the experiment was not created: ${JSON.stringify(body)}`);
      return body.experiment;
    },
    async round(experiment: string, round: number, attempt?: number): Promise<RoundView> {
      const query = attempt === undefined ? '' : `?attempt=${attempt}`;
      return (await call<RoundView>('viewer', 'GET', `experiments/${experiment}/rounds/${round}${query}`))
        .body;
    },
    /** Waits until the experiment has ended. */
    async ended(experiment: string): Promise<ExperimentView> {
      let view = await show(experiment);
      await eventually(async () => {
        view = await show(experiment);
        return ['completed', 'failed', 'cancelled'].includes(view.status);
      }, `the end of ${experiment}`);
      return view;
    },
    /** The audit log of an experiment, or of `unknown`. */
    async audit(experiment: string): Promise<AuditEntry[]> {
      const container = cosmos.database(database).container(cosmosContainers.audit.name);
      const query = container.items.query<AuditEntry>('SELECT * FROM c', { partitionKey: experiment });
      return (await query.fetchAll()).resources;
    },
    /** What the app wrote into its log so far. */
    log: () => readFileSync(join(directories.logs, 'coordinator.log'), 'utf8'),
    async close() {
      await Promise.all([...silos.values()].map((silo) => silo.close()));
      cosmos.dispose();
      await stack.stop();
      distrust();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
