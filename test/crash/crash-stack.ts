/** A whole deployment on this machine whose processes may be killed: embedded cloud, coordinator, three agents. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../cli/api-client.ts';
import { prepareSilos } from '../../cli/demo/prepare-silos.ts';
import { freePortBase } from '../../cli/up/free-ports.ts';
import { type LocalStack, startLocalStack } from '../../cli/up/local-stack.ts';
import { packageRoot } from '../../cli/up/package-root.ts';
import type { SupervisedProcess } from '../../cli/up/supervised-process.ts';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { operatorToken } from './operator-token.ts';

export const silos: readonly string[] = ['silo-1', 'silo-2', 'silo-3'];

export interface Victim {
  readonly name: string;
  /** How likely it is to be chosen, against the others. */
  readonly weight: number;
  readonly process: SupervisedProcess;
}

export interface Ending {
  readonly at: number;
  readonly process: string;
}

export interface CrashStack {
  readonly dataDir: string;
  readonly trainingData: string;
  readonly caFile: string;
  readonly client: ApiClient;
  readonly victims: readonly Victim[];
  /** Every unasked end of a process so far, whoever caused it. */
  readonly endings: readonly Ending[];
  stop(options: { keepData: boolean }): Promise<void>;
}

export async function startCrashStack(): Promise<CrashStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-crash-'));
  const trainingData = join(dataDir, 'training-data');
  for (const silo of silos) await mkdir(join(trainingData, silo), { recursive: true });
  const endings: Ending[] = [];
  const portBase = await freePortBase();
  const onRestart = (name: string): void => void endings.push({ at: Date.now(), process: name });
  const stack = await startLocalStack({ dataDir, portBase, onRestart });
  try {
    const client = createApiClient({
      endpoint: stack.api,
      token: operatorToken(dataDir),
      timeoutMs: 10_000,
    });
    const trainer = join(packageRoot(), 'test', 'crash', 'trainers', 'seeded.mjs');
    await prepareSilos({ stack, client, silos, trainer, data: trainingData });
    return {
      dataDir,
      trainingData,
      caFile: join(cloudDirectories(dataDir).tls, 'ca.pem'),
      client,
      victims: victimsOf(stack),
      endings,
      async stop({ keepData }) {
        await stack.stop();
        if (!keepData) await rm(dataDir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

function victimsOf(stack: LocalStack): Victim[] {
  const agents = stack.agents().map((process) => ({ name: process.name, weight: 2, process }));
  return [
    { name: 'coordinator', weight: 5, process: stack.host },
    { name: 'cloud', weight: 4, process: stack.cloud },
    ...agents,
  ];
}

/** Which process runs the agent of a silo: agents are numbered in the order of their silos. */
export function agentOf(silo: string): string {
  return `agent-${silos.indexOf(silo) + 1}`;
}
