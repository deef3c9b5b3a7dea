// Retail list prices in US dollars, East US, pay as you go, as known in November 2025 and rounded as printed there.
// They were not fetched from Azure: change them to what your agreement says, and the tables follow.
export const pricesAsOf = '2025-11';

export const prices = {
  functions: {
    /** Flex Consumption, on demand. */
    perGbSecond: 0.000026,
    perMillionExecutions: 0.4,
    freeGbSeconds: 100_000,
    freeExecutions: 250_000,
    /** An execution is billed for at least this long. */
    leastSeconds: 1,
  },
  durableTaskScheduler: { perMillionActions: 3 },
  serviceBus: {
    /** Standard: its base charge holds this many operations. */
    standardBasePerMonth: 9.81,
    standardOperationsIncluded: 13_000_000,
    standardPerMillionOperations: 0.8,
    premiumUnitPerMonth: 677,
  },
  cosmos: {
    serverlessPerMillionRu: 0.25,
    perGbMonth: 0.25,
    /** 100 request units per second of autoscale ceiling, per month at its lowest tenth. */
    autoscalePer100RuMonth: 8.76,
  },
  blob: {
    perGbMonth: 0.018,
    /** Zone-redundant. */
    perGbMonthZrs: 0.023,
    per10kWrites: 0.05,
    per10kReads: 0.004,
  },
  keyVault: {
    /** Premium: an RSA-3072 or larger HSM key, and other HSM keys. */
    advancedHsmKeyPerMonth: 5,
    hsmKeyPerMonth: 1,
    per10kAdvancedOperations: 0.15,
    per10kOperations: 0.03,
    managedHsmPerMonth: 2_336,
  },
  network: {
    privateEndpointPerMonth: 7.3,
    perGbPrivateEndpoint: 0.01,
    perGbEgress: 0.087,
    freeEgressGb: 100,
  },
  logs: { perGbIngested: 2.3, freeGb: 5 },
  virtualMachine: {
    /** What an always-on server of a framework with a resident coordinator runs on. */
    d4sV5PerMonth: 140,
    premiumDisk256PerMonth: 38,
    /** The predecessor's kind: a confidential-computing machine. */
    dc4asV5PerMonth: 158,
  },
};
