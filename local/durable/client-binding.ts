/** The addresses of the Durable HTTP API, as the `durableClient` binding and start responses hand them out. */
export interface ClientAddresses {
  /** Of the host, such as http://127.0.0.1:7071. */
  readonly origin: string;
  readonly taskHub: string;
  /** The system key that guards the webhooks. */
  readonly key: string;
  /** Base of the calls that the SDK makes, which carry no key: it must not be guessable. */
  readonly rpcBaseUrl: string;
}

export const webhookPath = '/runtime/webhooks/durabletask';

/** Management addresses of one instance (or of the placeholder that the SDK replaces). */
export function managementUrls(addresses: ClientAddresses, instanceId: string): Record<string, string> {
  const instance = `${addresses.origin}${webhookPath}/instances/${instanceId}`;
  const query = `taskHub=${addresses.taskHub}&connection=Storage&code=${addresses.key}`;
  return {
    id: instanceId,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${instance}/terminate?reason={text}&${query}`,
    rewindPostUri: `${instance}/rewind?reason={text}&${query}`,
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
    suspendPostUri: `${instance}/suspend?reason={text}&${query}`,
    resumePostUri: `${instance}/resume?reason={text}&${query}`,
  };
}

export function clientBinding(addresses: ClientAddresses): object {
  const base = addresses.origin + webhookPath;
  const create = `${base}/orchestrators/{functionName}[/{instanceId}]`;
  const wait = 'timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}';
  return {
    taskHubName: addresses.taskHub,
    creationUrls: {
      createNewInstancePostUri: `${create}?code=${addresses.key}`,
      createAndWaitOnNewInstancePostUri: `${create}?${wait}&code=${addresses.key}`,
    },
    managementUrls: managementUrls(addresses, 'INSTANCEID'),
    baseUrl: base,
    requiredQueryStringParameters: `code=${addresses.key}`,
    rpcBaseUrl: addresses.rpcBaseUrl,
  };
}
