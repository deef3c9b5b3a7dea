import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { freePortBase } from '../../../cli/up/free-ports.ts';
import { cloudDirectories } from '../../../local/cloud/directories.ts';
import { readEnvironment } from '../../../local/cloud/environment-file.ts';
import { type Cloud, startCloud } from '../../../local/cloud/start-cloud.ts';
import { ensureTlsMaterial } from '../../../local/core/tls.ts';
import { lockSeconds, queueLimits, queues } from '../../../shared/domain/resources.ts';

describe('the settings for func start', () => {
  let dataDir: string;
  let cloud: Cloud;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-settings-'));
    const tls = await ensureTlsMaterial(cloudDirectories(dataDir).tls);
    cloud = await startCloud({ dataDir, portBase: await freePortBase(), tls });
  });
  afterAll(async () => {
    await cloud.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('are those of the coordinator, and every name that the sample for Azure has', async () => {
    const { environments } = cloudDirectories(dataDir);
    const file = join(environments, 'local.settings.json');
    const { IsEncrypted, Values } = JSON.parse(await readFile(file, 'utf8')) as {
      IsEncrypted: boolean;
      Values: Record<string, string>;
    };
    const sample = JSON.parse(await readFile('local.settings.sample.json', 'utf8')) as { Values: object };
    expect(IsEncrypted).toBe(false);
    expect(Values).toMatchObject(readEnvironment(join(environments, 'coordinator.env')));
    expect(Object.keys(sample.Values).filter((name) => !(name in Values))).toEqual([]);
    expect(Values['SSL_CERT_FILE']).toBe(Values['NODE_EXTRA_CA_CERTS']);
    // It holds the secret by which the coordinator gets its tokens.
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

interface EmulatorQueue {
  readonly Name: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

describe('the files for the emulators of Microsoft', () => {
  it('give the Service Bus emulator the queues that a deployment has', async () => {
    const config = JSON.parse(await readFile('local/emulators/service-bus.json', 'utf8')) as {
      UserConfig: { Namespaces: { Queues: EmulatorQueue[] }[] };
    };
    const found = config.UserConfig.Namespaces.flatMap(({ Queues }) => Queues);
    const properties = new Map(found.map(({ Name, Properties }) => [Name, Properties]));
    expect([...properties.keys()]).toEqual([queues.updates, queues.signals, queues.silo('a')]);
    const lock = `PT${lockSeconds}S`;
    expect(properties.get(queues.updates)).toMatchObject({
      LockDuration: lock,
      MaxDeliveryCount: queueLimits.updates.maxDeliveryCount,
      RequiresDuplicateDetection: false,
    });
    expect(properties.get(queues.signals)).toMatchObject({
      DefaultMessageTimeToLive: `PT${queueLimits.signals.ttlSeconds / 3600}H`,
      MaxDeliveryCount: queueLimits.signals.maxDeliveryCount,
    });
    expect(properties.get(queues.silo('a'))).toMatchObject({ LockDuration: lock });
    const expired = found.map(({ Properties }) => Properties['DeadLetteringOnMessageExpiration']);
    expect(new Set(expired)).toEqual(new Set([false]));
  });

  it('start one emulator of each service on this machine only, with the configuration beside them', async () => {
    const compose = parse(await readFile('local/emulators/docker-compose.yml', 'utf8')) as {
      services: Record<string, { image: string; ports?: string[]; volumes?: string[] }>;
    };
    const images = Object.values(compose.services).map(({ image }) => image.split(':')[0]);
    expect(images).toEqual([
      'mcr.microsoft.com/azure-storage/azurite',
      'mcr.microsoft.com/azure-messaging/servicebus-emulator',
      'mcr.microsoft.com/mssql/server',
      'mcr.microsoft.com/cosmosdb/linux/azure-cosmos-emulator',
      'mcr.microsoft.com/dts/dts-emulator',
    ]);
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(compose.services['service-bus']?.volumes).toEqual([
      './service-bus.json:/ServiceBus_Emulator/ConfigFiles/Config.json:ro',
    ]);
  });
});
