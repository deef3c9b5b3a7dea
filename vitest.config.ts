import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Child processes (host, cloud, agents) run the built files, so they are built once before any suite.
    globalSetup: ['test/build-once.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      reporter: ['text'],
      // Branches: an index that TypeScript cannot prove has its `?? 0`, whose other side never runs.
      thresholds: { lines: 95, statements: 93, functions: 95, branches: 80 },
      include: [
        'shared/tensors/**',
        'shared/domain/strategies/**',
        'shared/kernels/reference/**',
        'shared/aggregation/**',
      ],
    },
    // Many suites start real processes; on a busy machine one may miss a time limit once. A real fault fails thrice.
    retry: process.env['CI'] === 'true' ? 2 : 0,
  },
});
