/** The one place where the agent's clients are made. Only endpoints differ between one machine and Azure. */
import { DefaultAzureCredential } from '@azure/identity';
import { systemClock } from '../clock.ts';
import type { SiloConfig } from '../config.ts';
import { coordinatorApi } from '../coordinator-api.ts';
import type { Log } from '../log.ts';
import type { SiloKeys, TokenFor, World } from '../ports.ts';
import { rememberKeys } from '../remembered-keys.ts';
import { blobUpdateContainer } from './blob-update-container.ts';
import { keyVaultKeys } from './key-vault-keys.ts';
import { openServiceBus } from './service-bus-client.ts';
import { serviceBusInbox } from './service-bus-inbox.ts';
import { serviceBusOutbox } from './service-bus-outbox.ts';

export interface ConnectedWorld {
  readonly world: World;
  readonly tokenFor: TokenFor;
  /** Signs with another version of the silo's signing key: a change of keys is signed by the key before. */
  readonly signWith: (kid: string) => SiloKeys['sign'];
  close(this: void): Promise<void>;
}

export function connect(config: SiloConfig, log: Log): ConnectedWorld {
  const clock = systemClock;
  const credential = new DefaultAzureCredential();
  const tokenFor: TokenFor = async (scope) => (await credential.getToken(scope)).token;
  const open = () => openServiceBus(config, credential);
  const inbox = serviceBusInbox({ open, queue: `silo-${config.silo}`, log, clock });
  const outbox = serviceBusOutbox(open);
  const world: World = {
    clock,
    inbox,
    outbox,
    updates: blobUpdateContainer(config.updates.account, config.silo, credential),
    keys: rememberKeys(keyVaultKeys(config.keys, credential, clock), config.workDirectory),
    coordinator: coordinatorApi(config.coordinator, tokenFor),
  };
  return {
    world,
    tokenFor,
    signWith: (kid) => keyVaultKeys({ ...config.keys, sig: kid }, credential, clock).sign,
    close: () => outbox.close(),
  };
}
