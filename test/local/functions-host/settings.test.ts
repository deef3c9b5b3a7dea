import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseHostJson, timeSpan } from '../../../local/functions-host/host-json.ts';
import { loadSettings, resolveSetting } from '../../../local/functions-host/settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'tributary-settings-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('host.json', () => {
  it('has defaults for everything', () => {
    expect(parseHostJson({}, {})).toEqual({
      warnings: [],
      hostJson: {
        routePrefix: 'api',
        logLevel: 'information',
        functionTimeoutMilliseconds: 1_800_000,
        storeInputsInOrchestrationHistory: false,
        taskHub: 'LocalHub',
        maxConcurrentActivityFunctions: 10,
        maxConcurrentOrchestratorFunctions: 5,
        serviceBus: {
          maxConcurrentCalls: 16,
          autoCompleteMessages: true,
          maxAutoLockRenewalMilliseconds: 300_000,
        },
      },
    });
  });

  it('is obeyed where this host can, and settings that only Azure has are no surprise', () => {
    const { hostJson, warnings } = parseHostJson(
      {
        version: '2.0',
        functionTimeout: '00:30:00',
        logging: { logLevel: { default: 'Warning', 'Host.Results': 'Error' } },
        extensionBundle: { id: 'x', version: '[4.0.0, 5.0.0)' },
        extensions: {
          http: { routePrefix: '' },
          serviceBus: {
            maxConcurrentCalls: 3,
            maxAutoLockRenewalDuration: '00:30:00',
            clientRetryOptions: { mode: 'exponential' },
          },
          durableTask: { hubName: '%HUB%', storageProvider: { type: 'azureManaged', partitionCount: 4 } },
        },
      },
      { HUB: 'named' },
    );
    expect(warnings).toEqual([]);
    expect(hostJson).toMatchObject({ routePrefix: '', logLevel: 'warning', taskHub: 'named' });
    expect(hostJson.serviceBus).toMatchObject({
      maxConcurrentCalls: 3,
      maxAutoLockRenewalMilliseconds: 1_800_000,
    });
  });

  it('names settings that nobody knows and values that are not valid', () => {
    const { warnings } = parseHostJson(
      { extensions: { http: { routePrefx: 'x' }, serviceBus: { maxConcurrentCalls: 'many' } } },
      {},
    );
    expect(warnings).toEqual([
      "host.json: unknown setting 'extensions.http.routePrefx'",
      "host.json: 'extensions.serviceBus.maxConcurrentCalls' is not valid; its default applies",
    ]);
  });

  it('names settings that Azure obeys and this host does not', () => {
    const { warnings } = parseHostJson(
      { extensions: { http: { maxConcurrentRequests: 5 }, durableTask: { defaultVersion: '2' } } },
      {},
    );
    expect(warnings).toEqual([
      "host.json: 'extensions.http.maxConcurrentRequests' is not obeyed by the embedded host",
      "host.json: 'extensions.durableTask.defaultVersion' is not obeyed by the embedded host",
    ]);
  });

  it.each([
    ['00:00:05', 5_000, []],
    ['-1', undefined, []],
    [-1, undefined, []],
    ['soon', 1_800_000, ["host.json: 'functionTimeout' is not valid; its default applies"]],
  ])('takes %j for how long a function may run', (functionTimeout, expected, named) => {
    const { hostJson, warnings } = parseHostJson({ functionTimeout }, {});
    expect(hostJson.functionTimeoutMilliseconds).toBe(expected);
    expect(warnings).toEqual(named);
  });

  it('stands below AzureFunctionsJobHost settings in the environment', () => {
    const { hostJson } = parseHostJson(
      { extensions: { http: { routePrefix: 'v1' } } },
      { AzureFunctionsJobHost__extensions__http__routePrefix: 'v2' },
    );
    expect(hostJson.routePrefix).toBe('v2');
  });

  it.each([
    ['00:05:00', 300_000],
    ['1.02:00:01', 93_601_000],
    ['soon', undefined],
  ])('reads the time span %s', (text, expected) => {
    expect(timeSpan(text)).toBe(expected);
  });
});

describe('app settings', () => {
  it('come from local.settings.json under the environment under the caller', () => {
    writeFileSync(
      join(directory, 'local.settings.json'),
      JSON.stringify({ Values: { A: 'file', B: 'file', C: 'file', D: 4 } }),
    );
    const { values, warnings } = loadSettings({
      appDirectory: directory,
      environment: { B: 'environment', C: 'environment', Empty: undefined },
      overrides: { C: 'caller' },
    });
    expect(values).toEqual({ A: 'file', B: 'environment', C: 'caller' });
    expect(warnings).toEqual([expect.stringContaining("'D' is not a string")]);
  });

  it('in sections that nobody obeys are named, and encrypted ones are refused', () => {
    const settingsFile = join(directory, 'sections.json');
    writeFileSync(settingsFile, JSON.stringify({ IsEncrypted: false, Values: {}, Host: { CORS: '*' } }));
    expect(loadSettings({ appDirectory: directory, environment: {}, settingsFile }).warnings).toEqual([
      `${settingsFile}: 'Host' is not obeyed`,
    ]);
    writeFileSync(settingsFile, JSON.stringify({ IsEncrypted: true, Values: { A: 'c2VjcmV0' } }));
    expect(() => loadSettings({ appDirectory: directory, environment: {}, settingsFile })).toThrow(
      /is encrypted/,
    );
  });

  it('in a broken file are refused without quoting it', () => {
    const settingsFile = join(directory, 'broken.json');
    writeFileSync(settingsFile, '{ "Values": { "Secret": "hunter2" ');
    const load = () => loadSettings({ appDirectory: directory, environment: {}, settingsFile });
    expect(load).toThrow(/broken.json is not valid JSON/);
    expect(load).not.toThrow(/hunter2/);
  });

  it('fill %NAME% in bindings, or are missed by name', () => {
    expect(resolveSetting('a-%X%-b', { X: 'y' })).toBe('a-y-b');
    expect(() => resolveSetting('%GONE%', {})).toThrow(/'GONE'/);
  });
});
