import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cloudDirectories } from '../../local/cloud/directories.ts';
import { readEnvironment } from '../../local/cloud/environment-file.ts';
import { portsFrom } from '../../local/cloud/ports.ts';
import { takenPorts } from './free-ports.ts';
import { bundles } from './package-root.ts';
import { ProcessFailed } from './process-failed.ts';
import { type SupervisedProcess, superviseProcess } from './supervised-process.ts';

export interface LocalStackOptions {
  readonly dataDir: string;
  readonly portBase: number;
  readonly onRestart?: (name: string, how: string) => void;
  /** The Functions app; this package itself unless said otherwise. */
  readonly app?: string;
  /** Extra settings for the Functions host. */
  readonly hostSettings?: Readonly<Record<string, string>>;
}

/** The embedded cloud and the Functions host with the app: all that a coordinator needs, on one machine. */
export interface LocalStack {
  readonly dataDir: string;
  readonly api: string;
  readonly controlUrl: string;
  readonly controlKey: string;
  readonly cloud: SupervisedProcess;
  readonly host: SupervisedProcess;
  /** Runs a silo's agent from its silo.yaml, with the credentials that lie beside it. */
  startAgent(configFile: string): Promise<SupervisedProcess>;
  agents(): readonly SupervisedProcess[];
  /** Stops everything, agents first. */
  stop(): Promise<void>;
}

/** Wake-ups by contract: what they announce is in the ledger, so losing one loses nothing. */
const wakeUps = 'control,quorum,settled';

export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const dataDir = resolve(options.dataDir);
  const { portBase } = options;
  const directories = cloudDirectories(dataDir);
  const ports = portsFrom(portBase);
  const { root, ...scripts } = bundles();
  const watch = options.onRestart === undefined ? {} : { onRestart: options.onRestart };
  const agents: SupervisedProcess[] = [];

  const cloud = await superviseProcess({
    name: 'cloud',
    script: scripts.cloud,
    args: ['--data', dataDir, '--port-base', String(portBase)],
    environment: () => ({}),
    logFile: join(directories.logs, 'cloud.log'),
    announcesReady: true,
    ...watch,
  }).catch(async (error: unknown) => {
    throw await explain(error, portBase);
  });

  const host = await superviseProcess({
    name: 'coordinator',
    script: scripts.host,
    args: ['--app', options.app ?? root, '--data', directories.host, '--port', String(ports.functions)],
    environment: () => ({
      ...readEnvironment(join(directories.environments, 'coordinator.env')),
      EmbeddedHost__WakeUpEvents: wakeUps,
      ...options.hostSettings,
    }),
    logFile: join(directories.logs, 'coordinator.log'),
    announcesReady: true,
    ...watch,
  }).catch(async (error: unknown) => {
    await cloud.stop();
    throw await explain(error, portBase);
  });

  return {
    dataDir,
    api: `http://127.0.0.1:${ports.functions}`,
    controlUrl: `http://127.0.0.1:${ports.control}`,
    controlKey: readFileSync(join(directories.environments, 'control.key'), 'utf8'),
    cloud,
    host,
    agents: () => agents,
    async startAgent(configFile) {
      const name = `agent-${agents.length + 1}`;
      const agent = await superviseProcess({
        name,
        script: scripts.agent,
        args: ['--config', configFile],
        environment: () => readEnvironment(join(configFile, '..', 'agent.env')),
        logFile: join(configFile, '..', 'agent.log'),
        announcesReady: false,
        ...watch,
      });
      agents.push(agent);
      return agent;
    },
    async stop() {
      await Promise.all(agents.map((agent) => agent.stop()));
      await host.stop();
      await cloud.stop();
    },
  };
}

/** A start that failed because somebody else holds the ports says so, and what to do. */
async function explain(error: unknown, portBase: number): Promise<unknown> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ProcessFailed) || !/EADDRINUSE/.test(message)) return error;
  const taken = await takenPorts(portBase);
  const which = taken.length > 0 ? taken.join(', ') : message;
  return new ProcessFailed(
    `port ${which} of 127.0.0.1 is taken by another program. Stop it, or choose other ports: --port-base ${portBase + 1_000}`,
  );
}
