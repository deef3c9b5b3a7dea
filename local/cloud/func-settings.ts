import { writeDurableFile } from '../core/durable-file.ts';
import type { Environment } from './environment-file.ts';

/**
 * Writes the coordinator's settings in the form of `local.settings.json`, for `func start` of Azure Functions Core
 * Tools with this cloud. Its host and its durable engine need a storage account that this cloud has not: Azurite's.
 */
export async function writeFuncSettings(
  path: string,
  coordinator: Environment,
  caFile: string,
): Promise<void> {
  const values = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    ...coordinator,
    // The host itself is no Node program: this is where it looks for authorities to trust.
    SSL_CERT_FILE: caFile,
  };
  await writeDurableFile(path, `${JSON.stringify({ IsEncrypted: false, Values: values }, undefined, 2)}\n`);
}
