/** Names of everything in the cloud, in one place. */
export const queues = {
  updates: 'updates',
  signals: 'signals',
  silo: (silo: string): string => `silo-${silo}`,
} as const;

/**
 * How long a message stays hidden after its receiver died, seconds. Receivers that live renew their locks, so a short
 * time costs nothing and a killed process is missed more briefly.
 */
export const lockSeconds = 30;

/** After how many deliveries a message is put aside, and how long signals are worth reading. */
export const queueLimits = {
  updates: { maxDeliveryCount: 10 },
  signals: { maxDeliveryCount: 3, ttlSeconds: 3_600 },
} as const;

export const blobContainers = {
  models: 'models',
  rounds: 'rounds',
  /** Beside the updates: their account forgets what is left lying. */
  shards: 'shards',
  updates: (silo: string): string => `updates-${silo}`,
} as const;

/** Cosmos containers with their partition keys and, where documents expire, their lifetime in seconds. */
export const cosmosContainers = {
  experiments: { name: 'experiments', partitionKey: '/experimentId' },
  metrics: { name: 'metrics', partitionKey: '/experimentId' },
  audit: { name: 'audit', partitionKey: '/experimentId' },
  signals: { name: 'signals', partitionKey: '/experimentId', ttlSeconds: 86_400 },
  catalog: { name: 'catalog', partitionKey: '/scope' },
  silos: { name: 'silos', partitionKey: '/siloId' },
} as const;

export const keyNames = { planSigning: 'plan-signing', kek: 'kek', sig: 'sig' } as const;

export const appRoles = ['viewer', 'operator', 'admin', 'silo'] as const;
export type AppRole = (typeof appRoles)[number];

/** Blob paths in `models` and `rounds`: one folder per experiment. */
export const paths = {
  model: (experiment: string, version: number, round: number, attempt: number, set: string): string =>
    `${experiment}/v${version}/r${round}a${attempt}-${set}.safetensors`,
  /** A strategy's state tensor `name` beside a version. */
  state: (
    experiment: string,
    version: number,
    round: number,
    attempt: number,
    set: string,
    name: string,
  ): string => `${experiment}/v${version}/r${round}a${attempt}-${set}.${name}.safetensors`,
  uploadedModel: (sha256: string): string => `uploads/${sha256}.safetensors`,
  plan: (experiment: string, round: number, attempt: number): string =>
    `${experiment}/r${round}a${attempt}/plan.json`,
  cohort: (experiment: string, round: number, attempt: number): string =>
    `${experiment}/r${round}a${attempt}/cohort.json`,
  manifest: (experiment: string, round: number, attempt: number, silo: string, digest: string): string =>
    `${experiment}/r${round}a${attempt}/manifests/${silo}-${digest}.json`,
  frozenSet: (experiment: string, round: number, attempt: number): string =>
    `${experiment}/r${round}a${attempt}/frozen.json`,
  /** What aggregation made of the frozen set. */
  aggregated: (experiment: string, round: number, attempt: number): string =>
    `${experiment}/r${round}a${attempt}/aggregated.json`,
  /** How each update of the frozen set compares with the result. */
  evidence: (experiment: string, round: number, attempt: number): string =>
    `${experiment}/r${round}a${attempt}/evidence.json`,
  /** A part of an aggregation under way. */
  shard: (experiment: string, round: number, attempt: number, set: string, part: string): string =>
    `${experiment}/r${round}a${attempt}-${set}/${part}`,
  update: (experiment: string, round: number, attempt: number, ciphertext: string): string =>
    `${experiment}/r${round}/a${attempt}/${ciphertext}`,
} as const;
