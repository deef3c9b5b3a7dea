// What one round and one month consume, counted from the protocol (docs/protocol.md), and what that costs.
// Pure: no file, no clock. The counts per silo are deliberately on the high side; docs/cost.md says which are estimates.

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SECONDS_PER_MONTH = 730 * 3_600;

/**
 * @typedef {{ silos: number, modelBytes: number, trainingMinutes: number, aggregationBytesPerSecond: number }} Round
 *
 * @param {Round} round
 * @returns what the coordinator's side consumes in one round
 */
export function consumptionOfRound({ silos, modelBytes, trainingMinutes, aggregationBytesPerSecond }) {
  // A silo that trains says so once a minute.
  const signals = silos * Math.max(1, Math.ceil(trainingMinutes));
  const activities = 9 + Math.ceil(silos / 200);
  const orchestratorEpisodes = activities + 6;
  const updateBytes = silos * modelBytes;
  const admissionSeconds = 0.3 + modelBytes / aggregationBytesPerSecond;
  const foldSeconds = 2 + updateBytes / aggregationBytesPerSecond;
  return {
    functions: {
      executions: activities + orchestratorEpisodes + silos /* replies */ + silos /* model links */ + signals,
      /** Seconds of execution, each rounded up to the least that is billed. */
      seconds:
        activities +
        orchestratorEpisodes +
        silos * Math.max(1, admissionSeconds) +
        silos +
        signals +
        foldSeconds,
    },
    /** Messages that the scheduler dispatches. */
    schedulerActions: 2 * activities + orchestratorEpisodes + 4,
    serviceBus: {
      // Plan, reply and outcome are each sent, received and settled; a signal likewise.
      operations: 3 * (3 * silos + signals),
    },
    cosmos: {
      // Per silo: roster read, participation twice in a batch with the counters, four reads, its share of the lists.
      requestUnits: 400 + silos * 75 + signals * 8,
      documentBytes: 6_000 + silos * 1_800,
    },
    blob: {
      writes: 4 + silos * (1 + Math.ceil(modelBytes / (4 * MIB))) + Math.ceil(modelBytes / (4 * MIB)) + silos,
      // Each update is read twice, at admission and in the fold; each silo reads the model.
      reads:
        silos * 2 * Math.ceil(modelBytes / (2 * MIB)) + silos * Math.ceil(modelBytes / (4 * MIB)) + 2 * silos,
      updateBytes,
      modelBytes,
    },
    keyVault: {
      // The coordinator signs the plan and each outcome; it unwraps each update twice with the silo's key.
      coordinatorSignatures: 1 + silos,
      unwraps: 2 * silos,
      siloSignatures: silos,
    },
    egressBytes: silos * modelBytes,
    logBytes: 200_000 + silos * 40_000,
  };
}

/**
 * @param {Round & { roundsPerMonth: number, keepUpdatesDays: number, keepModels: number, serviceBusPremium: boolean,
 *   durable: 'dts' | 'storage', privateEndpoints: number, cosmosAutoscaleRu: number, managedHsm: boolean,
 *   instanceGb: number, silosOutsideRegion: number }} month
 * @param {typeof import('./prices.mjs').prices} prices
 * @returns rows of what a month costs the coordinator's owner and one silo's owner, in US dollars
 */
export function costOfMonth(month, prices) {
  const each = consumptionOfRound(month);
  const rounds = month.roundsPerMonth;
  const over = (used, free) => Math.max(0, used - free);

  const gbSeconds = each.functions.seconds * rounds * month.instanceGb;
  const executions = each.functions.executions * rounds;
  // Two timers look after experiments: one a minute, one in five.
  const timers = 730 * 60 * 1.2;
  const functions =
    over(gbSeconds + timers * month.instanceGb, prices.functions.freeGbSeconds) *
      prices.functions.perGbSecond +
    (over(executions + timers, prices.functions.freeExecutions) / 1e6) *
      prices.functions.perMillionExecutions;

  const scheduler =
    month.durable === 'dts'
      ? ((each.schedulerActions * rounds) / 1e6) * prices.durableTaskScheduler.perMillionActions
      : // The storage provider polls its queues while the app is awake; awake is what is billed above.
        ((each.schedulerActions * rounds * 12) / 1e4) * prices.blob.per10kWrites;

  const operations = each.serviceBus.operations * rounds;
  const serviceBus = month.serviceBusPremium
    ? prices.serviceBus.premiumUnitPerMonth
    : prices.serviceBus.standardBasePerMonth +
      (over(operations, prices.serviceBus.standardOperationsIncluded) / 1e6) *
        prices.serviceBus.standardPerMillionOperations;

  const cosmosGb = (each.cosmos.documentBytes * rounds * 12) / GIB;
  const cosmos =
    (month.cosmosAutoscaleRu === 0
      ? ((each.cosmos.requestUnits * rounds + timers * 3) / 1e6) * prices.cosmos.serverlessPerMillionRu
      : (month.cosmosAutoscaleRu / 1_000) * prices.cosmos.autoscalePer100RuMonth) +
    cosmosGb * prices.cosmos.perGbMonth;

  const keptBytes =
    each.blob.updateBytes * rounds * Math.min(1, month.keepUpdatesDays / 30) +
    each.blob.modelBytes * Math.min(rounds, month.keepModels);
  const storage =
    (keptBytes / GIB) * prices.blob.perGbMonthZrs +
    ((each.blob.writes * rounds) / 1e4) * prices.blob.per10kWrites +
    ((each.blob.reads * rounds) / 1e4) * prices.blob.per10kReads;

  const keys =
    (month.managedHsm ? prices.keyVault.managedHsmPerMonth : prices.keyVault.hsmKeyPerMonth) +
    ((each.keyVault.coordinatorSignatures * rounds) / 1e4) * prices.keyVault.per10kOperations;

  const egressGb = ((each.egressBytes * rounds) / GIB) * (month.silosOutsideRegion / month.silos);
  const egress = over(egressGb, prices.network.freeEgressGb) * prices.network.perGbEgress;
  const privateGb = ((each.blob.updateBytes * 3 + each.egressBytes) * rounds) / GIB;
  const network =
    month.privateEndpoints * prices.network.privateEndpointPerMonth +
    (month.privateEndpoints > 0 ? privateGb * prices.network.perGbPrivateEndpoint : 0);

  const logs = over((each.logBytes * rounds) / GIB, prices.logs.freeGb) * prices.logs.perGbIngested;

  const coordinator = { functions, scheduler, serviceBus, cosmos, storage, keys, egress, network, logs };
  const total = Object.values(coordinator).reduce((sum, value) => sum + value, 0);
  const silo =
    prices.keyVault.advancedHsmKeyPerMonth +
    prices.keyVault.hsmKeyPerMonth +
    (((each.keyVault.unwraps / month.silos) * rounds) / 1e4) * prices.keyVault.per10kAdvancedOperations +
    (((each.keyVault.siloSignatures / month.silos) * rounds) / 1e4) * prices.keyVault.per10kOperations;
  // What a month without a single round costs: the same, with nothing that rounds consume.
  const idle =
    rounds === 0
      ? total
      : Object.values(costOfMonth({ ...month, roundsPerMonth: 0 }, prices).coordinator).reduce(
          (a, b) => a + b,
          0,
        );
  return { coordinator, total, idle, perRound: rounds === 0 ? 0 : (total - idle) / rounds, silo };
}

/** Share of the month in which anything runs at the coordinator. */
export function busyShare(month) {
  return (consumptionOfRound(month).functions.seconds * month.roundsPerMonth) / SECONDS_PER_MONTH;
}
