/** The app's settings in the templates against what the code and the Functions host read. */
import * as z from 'zod';
import { coordinatorSettings } from '../../../shared/azure/settings.ts';
import { at } from '../evaluate/access.ts';
import type { Deployment } from '../evaluate/deployment.ts';
import { type Instance, known, optionsOf, type Value } from '../evaluate/value.ts';
import { deployed, nameOf } from '../property-rule.ts';
import type { Finding, Rule } from '../rule.ts';

const checklist = '7 Functions';
const template = 'infra/modules/app-settings.bicep';

/** What the Functions host and its extensions read, not our code. */
const hostSettings = [
  /^AzureWebJobsStorage__(accountName|credential|clientId|blobServiceUri|queueServiceUri|tableServiceUri)$/,
  /^ServiceBusConnection__(credential|clientId)$/,
  /^APPLICATIONINSIGHTS_(CONNECTION_STRING|AUTHENTICATION_STRING)$/,
  /^AzureFunctionsJobHost__\w+$/,
  /^DURABLE_TASK_SCHEDULER_CONNECTION_STRING$/,
  // Of the identity library: managed identities only, no developer's sign-in.
  /^AZURE_TOKEN_CREDENTIALS$/,
];
/** Set by who runs the app, where the default of the code does not do. */
const required = Object.entries(coordinatorSettings.shape)
  .filter(([, shape]) => !z.safeParse(shape, undefined).success)
  .map(([name]) => name);

function settingsOf(deployment: Deployment): { one: Instance; set: Value }[] {
  return deployed(deployment, 'Microsoft.Web/sites/config')
    .filter((one) => nameOf(one) === 'appsettings')
    .flatMap((one) => {
      const properties = at(one.body, 'properties');
      return properties === undefined ? [] : optionsOf(properties).map((set) => ({ one, set }));
    });
}

function settingsRule(
  rule: Omit<Rule, 'checklist' | 'check'>,
  faults: (names: ReadonlySet<string>, set: Value) => readonly string[],
): Rule {
  return {
    ...rule,
    checklist,
    check({ deployment }) {
      const all = settingsOf(deployment);
      const findings = all.flatMap(({ one, set }): Finding[] => {
        if (set.kind !== 'object' || set.isOpen)
          return [{ place: one.place, message: 'settings cannot be known' }];
        return faults(new Set(set.entries.keys()), set).map((message) => ({ place: one.place, message }));
      });
      return { subjects: all.length, findings };
    },
  };
}

export const settingsRules: readonly Rule[] = [
  settingsRule(
    {
      id: 'settings-complete',
      title: 'Every setting that the coordinator needs is set.',
      fix: `Add it to ${template}, or give it a default in shared/azure/settings.ts.`,
      mutations: required.map((name) => ({
        kind: 'replace',
        path: template,
        find: new RegExp(`  ${name}: .*\\n`),
        by: '',
      })),
    },
    (names) => required.filter((name) => !names.has(name)).map((name) => `${name} is not set`),
  ),
  settingsRule(
    {
      id: 'settings-are-read',
      title: 'Every setting is read, by the code or by the Functions host.',
      fix: `Remove it from ${template}, or read it in shared/azure/settings.ts.`,
      mutations: [
        {
          kind: 'replace',
          path: template,
          find: / {2}COSMOS_DATABASE: (.*)\n/,
          by: '  COSMOS_DATABASE_NAME: $1\n',
        },
      ],
    },
    (names) =>
      [...names]
        .filter((name) => !Object.hasOwn(coordinatorSettings.shape, name))
        .filter((name) => !hostSettings.some((pattern) => pattern.test(name)))
        .map((name) => `nothing reads ${name}`),
  ),
  settingsRule(
    {
      id: 'settings-verify-vaults',
      title: 'On Azure a vault’s challenge is verified.',
      fix: "Set KEYVAULT_VERIFY_CHALLENGE to 'true'.",
      mutations: [
        {
          kind: 'replace',
          path: template,
          find: /KEYVAULT_VERIFY_CHALLENGE: 'true'/,
          by: "KEYVAULT_VERIFY_CHALLENGE: 'false'",
        },
      ],
    },
    (_names, set) => {
      const value = at(set, 'KEYVAULT_VERIFY_CHALLENGE');
      return value === undefined || known(value) === 'true' ? [] : ['KEYVAULT_VERIFY_CHALLENGE is not true'];
    },
  ),
];
