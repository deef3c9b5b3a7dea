import { join } from 'node:path';
import type { ApiClient } from '../api-client.ts';
import { signRegistration } from '../silo-process.ts';
import { makeLocalSilo } from '../up/local-silo.ts';
import type { LocalStack } from '../up/local-stack.ts';

export interface DemoSilos {
  readonly stack: LocalStack;
  readonly client: ApiClient;
  readonly silos: readonly string[];
  readonly trainer: string;
  /** Holds one directory of training data per silo. */
  readonly data: string;
}

/** Gives each silo its resources, registers it under its own signature, and starts its agent in its own process. */
export async function prepareSilos({ stack, client, silos, trainer, data }: DemoSilos): Promise<void> {
  const { planSigningThumbprint } = await client.health();
  if (planSigningThumbprint === null) throw new Error('the coordinator has no signing key yet');
  const made = await Promise.all(
    silos.map((silo) =>
      makeLocalSilo({
        silo,
        dataDir: stack.dataDir,
        controlUrl: stack.controlUrl,
        controlKey: stack.controlKey,
        api: stack.api,
        planSigningThumbprint,
        trainingCommand: [process.execPath, trainer],
        trainingData: join(data, silo),
      }),
    ),
  );
  const documents = await Promise.all(made.map(({ configFile }) => signRegistration(configFile)));
  for (const document of documents) await client.registerSilo(document);
  for (const { configFile } of made) await stack.startAgent(configFile);
}
