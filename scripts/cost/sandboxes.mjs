// The sandboxes of infra/sandboxes/ as the cost model sees them, each with a month's work that suits it.
const MIB = 2 ** 20;

const base = {
  trainingMinutes: 10,
  // Assumed: about half of what two cores here fold from files; nothing was measured on a Flex instance.
  aggregationBytesPerSecond: 500 * MIB,
  keepUpdatesDays: 7,
  keepModels: 50,
  serviceBusPremium: false,
  durable: 'dts',
  privateEndpoints: 0,
  cosmosAutoscaleRu: 0,
  managedHsm: false,
  instanceGb: 2,
  silosOutsideRegion: 0,
};

export const sandboxes = [
  { name: 'minimal', silos: 3, modelBytes: 10 * MIB, roundsPerMonth: 100, ...base },
  { name: 'regional', ...base, silos: 8, modelBytes: 100 * MIB, roundsPerMonth: 200, silosOutsideRegion: 6 },
  {
    name: 'private',
    ...base,
    silos: 8,
    modelBytes: 100 * MIB,
    roundsPerMonth: 200,
    serviceBusPremium: true,
    privateEndpoints: 9,
    cosmosAutoscaleRu: 1_000,
  },
  {
    name: 'consortium',
    ...base,
    silos: 20,
    modelBytes: 100 * MIB,
    roundsPerMonth: 200,
    silosOutsideRegion: 20,
  },
  {
    name: 'confidential',
    ...base,
    silos: 8,
    modelBytes: 100 * MIB,
    roundsPerMonth: 200,
    serviceBusPremium: true,
    privateEndpoints: 9,
    cosmosAutoscaleRu: 1_000,
    managedHsm: true,
  },
  {
    name: 'on-premises',
    ...base,
    silos: 5,
    modelBytes: 100 * MIB,
    roundsPerMonth: 100,
    silosOutsideRegion: 5,
  },
];
