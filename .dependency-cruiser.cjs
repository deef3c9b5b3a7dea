// Who may import whom. Each folder lists what it may reach inside the repository; anything else is an error.
// docs/architecture.md explains the table; test/layers.test.ts plants violations and expects them to be found.
const product = '^(functions|orchestrations|activities|shared|agent|local|cli)/';

/** folder -> folders it may import from (itself always included) */
const mayImport = {
  'shared/contracts': [],
  'shared/domain': ['shared/contracts'],
  'shared/tensors': ['shared/contracts', 'shared/domain/strategies'],
  'shared/sealing': ['shared/contracts', 'shared/tensors'],
  'shared/kernels': ['shared/contracts'],
  'shared/memory': [],
  'shared/aggregation': [
    'shared/contracts',
    'shared/domain',
    'shared/tensors',
    'shared/sealing',
    'shared/kernels',
    'shared/memory',
    'shared/ports',
  ],
  'shared/ports': ['shared/contracts', 'shared/domain'],
  'shared/durable': [],
  'shared/azure': ['shared/ports', 'shared/contracts', 'shared/domain', 'shared/memory'],
  orchestrations: ['activities/descriptors', 'shared/contracts', 'shared/domain', 'shared/durable'],
  activities: [
    'shared/contracts',
    'shared/domain',
    'shared/tensors',
    'shared/sealing',
    'shared/aggregation',
    'shared/ports',
    'shared/durable',
  ],
  functions: ['activities', 'orchestrations', 'shared'],
  agent: ['shared/contracts', 'shared/domain', 'shared/tensors', 'shared/sealing', 'shared/ports'],
  local: ['shared/contracts', 'shared/domain', 'shared/ports'],
  cli: [
    'shared/contracts',
    'shared/domain',
    'shared/tensors',
    'shared/sealing',
    'local',
    'agent/registration',
  ],
};

/** package pattern -> the only folders that may import it at run time */
const packages = [
  { to: '^@azure/(?!functions)', from: '^(shared/azure|agent/azure|agent/main|local/functions-host|cli)/?' },
  { to: '^@azure/functions', from: '^(functions|local/functions-host)/' },
  // As types only in orchestrations and shared/durable: scripts/layers.mjs looks at the import's form.
  { to: '^durable-functions', from: '^(functions|local|orchestrations|shared/durable)/' },
];

const modulesOf = (name) => `node_modules/${name.replace('^', '')}`;

const forbidden = [
  { name: 'no-cycles', severity: 'error', from: { path: product }, to: { circular: true } },
  { name: 'not-to-unresolvable', severity: 'error', from: { path: product }, to: { couldNotResolve: true } },
  ...Object.entries(mayImport).map(([folder, targets]) => ({
    name: `layers-${folder.replace('/', '-')}`,
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { path: product, pathNot: [folder, ...targets].map((target) => `^${target}(/|\\.ts$)`) },
  })),
  ...packages.map(({ to, from }) => ({
    name: `package-${to.replace(/[^a-z-]/g, '')}`,
    severity: 'error',
    from: { path: product, pathNot: from },
    to: { path: modulesOf(to) },
  })),
  {
    name: 'pure-folders-touch-no-node',
    severity: 'error',
    from: { path: '^(orchestrations|shared/domain|shared/contracts|shared/durable)/' },
    to: { dependencyTypes: ['core'] },
  },
];

module.exports = {
  forbidden,
  options: {
    tsPreCompilationDeps: true,
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] },
  },
};
