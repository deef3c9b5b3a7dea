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
      // What is missing runs in worker threads, or is there for the compiler: a type that the code rules out.
      thresholds: { lines: 99, statements: 99, functions: 100, branches: 98 },
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
