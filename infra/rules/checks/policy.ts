import { at } from '../evaluate/access.ts';
import { type Instance, known, show } from '../evaluate/value.ts';
import { deployed, equals, propertyRule } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const definition = 'Microsoft.Authorization/policyDefinitions';
const checklist = '10 Policy';

/** Property and value of Azure Policy's names, and what may not be left open once the initiative is assigned. */
const denied = [
  ['Microsoft.ServiceBus/namespaces/disableLocalAuth', 'true'],
  ['Microsoft.DocumentDB/databaseAccounts/disableLocalAuth', 'true'],
  ['Microsoft.Storage/storageAccounts/allowSharedKeyAccess', 'false'],
  ['Microsoft.Storage/storageAccounts/allowBlobPublicAccess', 'false'],
  ['Microsoft.KeyVault/vaults/enableRbacAuthorization', 'true'],
] as const;

function denies({ body }: Instance, field: string, value: string): boolean {
  const condition = at(body, 'properties.policyRule.if');
  return condition !== undefined && show(condition).includes(`field: '${field}', notEquals: '${value}'`);
}

export const policyRules: readonly Rule[] = [
  {
    id: 'policy-denies-keys',
    checklist,
    title: 'The initiative refuses local authentication, anonymous blobs and access policies.',
    fix: 'Add the missing rule to infra/policy/main.bicep.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/policy/main.bicep',
        find: /field: 'Microsoft\.Storage\/storageAccounts\/allowSharedKeyAccess'\s+value: 'false'/,
        by: "field: 'Microsoft.Storage/storageAccounts/allowSharedKeyAccess'\n    value: 'true'",
      },
    ],
    check({ deployment }) {
      const definitions = deployed(deployment, definition);
      const [first] = definitions;
      if (first === undefined) return { subjects: 0, findings: [] };
      const findings = denied
        .filter(([field, value]) => !definitions.some((one) => denies(one, field, value)))
        .map(([field]) => ({ place: first.place, message: `does not refuse ${field}` }));
      return { subjects: definitions.length, findings };
    },
  },
  propertyRule({
    id: 'policy-in-force',
    checklist,
    title: 'Policies that are assigned are enforced.',
    fix: "Set enforcementMode to 'Default'.",
    type: 'Microsoft.Authorization/policyAssignments',
    path: 'properties.enforcementMode',
    expect: equals('Default', 'DoNotEnforce'),
  }),
  {
    id: 'policy-by-default',
    checklist,
    title: 'The initiative refuses unless it is asked to report only.',
    fix: "Give the effect parameter the default 'Deny'.",
    mutations: [
      {
        kind: 'replace',
        path: 'infra/policy/main.bicep',
        find: /param effect string = 'Deny'/,
        by: "param effect string = 'Audit'",
      },
    ],
    check({ deployment }) {
      const effect = deployment.parameters.get('effect');
      // Speaks of what holds when nothing is chosen.
      if (effect === undefined || deployed(deployment, definition).length === 0 || !deployment.isDefault) {
        return { subjects: 0, findings: [] };
      }
      const place = effect.place ?? { path: deployment.entry, start: 0, end: 0 };
      return {
        subjects: 1,
        findings: known(effect) === 'Deny' ? [] : [{ place, message: `the effect is ${show(effect)}` }],
      };
    },
  },
  propertyRule({
    id: 'lock-against-deletion',
    checklist,
    title: 'The lock, where it is asked for, is against deletion.',
    fix: "Set level to 'CanNotDelete'.",
    type: 'Microsoft.Authorization/locks',
    path: 'properties.level',
    expect: equals('CanNotDelete', 'NotSpecified'),
  }),
];
