/** host.json, which the Functions host obeys, against what the code counts on. */
import * as z from 'zod';
import type { Finding, Rule } from '../rule.ts';

const path = 'host.json';
const checklist = '7 Functions';
const timeSpan = z.string().regex(/^\d\d:\d\d:\d\d$/);

const shape = z.object({
  version: z.literal('2.0'),
  extensionBundle: z.object({
    id: z.literal('Microsoft.Azure.Functions.ExtensionBundle'),
    version: z.string().regex(/^\[4\.\d+\.\d+, 5\.0\.0\)$/),
  }),
  functionTimeout: timeSpan,
  logging: z.object({
    applicationInsights: z.object({ samplingSettings: z.object({ excludedTypes: z.string() }) }),
  }),
  extensions: z.object({
    http: z.object({ routePrefix: z.string() }),
    serviceBus: z.object({
      autoCompleteMessages: z.boolean(),
      prefetchCount: z.int(),
      maxConcurrentCalls: z.int(),
      maxAutoLockRenewalDuration: timeSpan,
    }),
    durableTask: z.object({
      hubName: z.string(),
      maxConcurrentActivityFunctions: z.int(),
      extendedSessionsEnabled: z.boolean(),
      useGracefulShutdown: z.boolean(),
      storageProvider: z.object({
        type: z.string(),
        partitionCount: z.int(),
        useTablePartitionManagement: z.boolean(),
      }),
    }),
  }),
});
type HostJson = z.infer<typeof shape>;

const inSeconds = (text: string): number =>
  text.split(':').reduce((total, part) => total * 60 + Number(part), 0);

function hostRule(
  id: string,
  title: string,
  fix: string,
  isRight: (host: HostJson) => boolean,
  find: RegExp,
  by: string,
): Rule {
  return {
    id,
    checklist,
    title,
    fix,
    isAboutFiles: true,
    mutations: [{ kind: 'replace', path, find, by }],
    check({ templates }) {
      const parsed = shape.safeParse(JSON.parse(templates.text(path) ?? '{}'));
      const place = { path, start: 0, end: 0 };
      // What does not parse is told by one rule, host-json.
      const findings: Finding[] =
        !parsed.success || isRight(parsed.data) ? [] : [{ place, message: 'it is not so' }];
      return { subjects: 1, findings };
    },
  };
}

export const hostJsonRules: readonly Rule[] = [
  {
    id: 'host-json',
    checklist,
    title: 'host.json says everything that the code counts on.',
    fix: 'Set what is missing; do not rely on defaults of the host.',
    isAboutFiles: true,
    mutations: [
      { kind: 'replace', path, find: /"hubName": "Tributary",/, by: '' },
      { kind: 'replace', path, find: /\[4\.36\.0, 5\.0\.0\)/, by: '[3.*, 4.0.0)' },
    ],
    check({ templates }) {
      const parsed = shape.safeParse(JSON.parse(templates.text(path) ?? '{}'));
      const place = { path, start: 0, end: 0 };
      const issues = parsed.success ? [] : parsed.error.issues;
      return {
        subjects: 1,
        findings: issues.map((issue) => ({ place, message: `${issue.path.join('.')}: ${issue.message}` })),
      };
    },
  },
  hostRule(
    'host-lock-renewal',
    'A message stays locked for as long as its handler may run.',
    'Set maxAutoLockRenewalDuration to functionTimeout or more.',
    ({ functionTimeout, extensions }) =>
      inSeconds(extensions.serviceBus.maxAutoLockRenewalDuration) >= inSeconds(functionTimeout),
    /"maxAutoLockRenewalDuration": "00:30:00"/,
    '"maxAutoLockRenewalDuration": "00:05:00"',
  ),
  hostRule(
    'host-settles',
    'The host settles messages when a handler returns: a Node handler cannot.',
    'Set autoCompleteMessages to true.',
    ({ extensions }) => extensions.serviceBus.autoCompleteMessages,
    /"autoCompleteMessages": true/,
    '"autoCompleteMessages": false',
  ),
  hostRule(
    'host-no-prefetch',
    'No message is fetched before its turn: its lock would run out while it waits.',
    'Set prefetchCount to 0.',
    ({ extensions }) => extensions.serviceBus.prefetchCount === 0,
    /"prefetchCount": 0/,
    '"prefetchCount": 100',
  ),
  hostRule(
    'host-few-admissions',
    'An instance admits at most sixteen updates at once: each holds a stream and a key.',
    'Set maxConcurrentCalls between 1 and 16.',
    ({ extensions }) =>
      extensions.serviceBus.maxConcurrentCalls >= 1 && extensions.serviceBus.maxConcurrentCalls <= 16,
    /"maxConcurrentCalls": 8/,
    '"maxConcurrentCalls": 64',
  ),
  hostRule(
    'host-few-activities',
    'An instance runs at most eight activities at once: aggregation is heavy on memory.',
    'Set maxConcurrentActivityFunctions between 1 and 8.',
    ({ extensions }) => extensions.durableTask.maxConcurrentActivityFunctions <= 8,
    /"maxConcurrentActivityFunctions": 6/,
    '"maxConcurrentActivityFunctions": 60',
  ),
  hostRule(
    'host-no-sessions',
    'Orchestrations are replayed, not kept in memory, so that any instance can go on.',
    'Set extendedSessionsEnabled to false.',
    ({ extensions }) => !extensions.durableTask.extendedSessionsEnabled,
    /"extendedSessionsEnabled": false/,
    '"extendedSessionsEnabled": true',
  ),
  hostRule(
    'host-graceful',
    'An instance that stops finishes what it holds.',
    'Set useGracefulShutdown to true.',
    ({ extensions }) => extensions.durableTask.useGracefulShutdown,
    /"useGracefulShutdown": true/,
    '"useGracefulShutdown": false',
  ),
  hostRule(
    'host-requests-in-full',
    'Requests, exceptions and traces, which alerts read, are never sampled away.',
    'Exclude Request, Exception and Trace from sampling.',
    ({ logging }) =>
      ['Request', 'Exception', 'Trace'].every((type) =>
        logging.applicationInsights.samplingSettings.excludedTypes.split(';').includes(type),
      ),
    /"Request;Exception;Trace"/,
    '"Request;Exception"',
  ),
];
