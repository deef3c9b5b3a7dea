import { isClosed, isIsolated } from '../conditions.ts';
import { equals, nameOf, oneOf, propertyRule, set } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const namespace = 'Microsoft.ServiceBus/namespaces';
const queue = `${namespace}/queues`;
const checklist = '4 Service Bus';

export const serviceBusRules: readonly Rule[] = [
  propertyRule({
    id: 'service-bus-no-local-auth',
    checklist,
    title: 'Service Bus takes Entra identities only.',
    fix: 'Set disableLocalAuth to true.',
    type: namespace,
    path: 'properties.disableLocalAuth',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'service-bus-tls',
    checklist,
    title: 'Service Bus speaks TLS 1.2 or newer.',
    fix: "Set minimumTlsVersion to '1.2'.",
    type: namespace,
    path: 'properties.minimumTlsVersion',
    expect: oneOf(['1.2', '1.3'], '1.0'),
  }),
  propertyRule({
    id: 'service-bus-premium',
    checklist,
    title: 'With network isolation Service Bus is of the Premium tier, which alone has private endpoints.',
    fix: "Set sku.name to 'Premium' when networkIsolation is true.",
    type: namespace,
    path: 'sku.name',
    expect: equals('Premium', 'Standard'),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
  propertyRule({
    id: 'service-bus-no-public-network',
    checklist: '8 Network',
    title: 'With network isolation, and no silo named by address, Service Bus is off the public network.',
    fix: "Set publicNetworkAccess to 'Disabled' when networkIsolation is true and siloAddressRanges is empty.",
    type: namespace,
    path: 'properties.publicNetworkAccess',
    expect: equals('Disabled', 'Enabled'),
    where: (_instance, deployment) => isClosed(deployment),
  }),
  propertyRule({
    id: 'service-bus-firewall',
    checklist: '8 Network',
    title: 'With network isolation Service Bus refuses every network that is not named.',
    fix: "Set the rule set's defaultAction to 'Deny'.",
    type: `${namespace}/networkRuleSets`,
    path: 'properties.defaultAction',
    expect: equals('Deny', 'Allow'),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
  propertyRule({
    id: 'service-bus-no-bypass',
    checklist: '8 Network',
    title: 'No service of Azure passes the firewall of Service Bus by being of Azure.',
    fix: "Set the rule set's trustedServiceAccessEnabled to false.",
    type: `${namespace}/networkRuleSets`,
    path: 'properties.trustedServiceAccessEnabled',
    expect: equals(false, true),
  }),
  propertyRule({
    id: 'queue-no-duplicate-detection',
    checklist,
    title: 'No queue drops a message for having the id of another.',
    fix: 'Set requiresDuplicateDetection to false: ids can be guessed, and junk would swallow a reply.',
    type: queue,
    path: 'properties.requiresDuplicateDetection',
    expect: equals(false, true),
  }),
  propertyRule({
    id: 'queue-no-sessions',
    checklist,
    title: 'Queues have no sessions, which the triggers do not read.',
    fix: 'Set requiresSession to false.',
    type: queue,
    path: 'properties.requiresSession',
    expect: equals(false, true),
  }),
  propertyRule({
    id: 'queue-lock',
    checklist,
    title: 'Queues set how long a message is locked.',
    fix: 'Set lockDuration.',
    type: queue,
    path: 'properties.lockDuration',
    expect: set(),
    mutations: [{ kind: 'remove', type: queue, path: 'properties.lockDuration' }],
  }),
  propertyRule({
    id: 'queue-deliveries',
    checklist,
    title: 'Queues set after how many deliveries a message is put aside.',
    fix: 'Set maxDeliveryCount.',
    type: queue,
    path: 'properties.maxDeliveryCount',
    expect: set('null'),
    // Those of the code are told by queues-of-the-code.
    where: (instance) => !['updates', 'signals'].includes(nameOf(instance) ?? ''),
    symbol: 'queue',
  }),
  propertyRule({
    id: 'queue-time-to-live',
    checklist,
    title: 'Queues keep no message for ever.',
    fix: 'Set defaultMessageTimeToLive.',
    type: queue,
    path: 'properties.defaultMessageTimeToLive',
    expect: set(),
  }),
  {
    id: 'service-bus-no-keys',
    checklist,
    title: 'No shared access policy exists, on the namespace or on a queue.',
    fix: 'Remove the authorization rule; give the identity a role instead.',
    mutations: [
      {
        kind: 'append',
        path: 'infra/modules/messaging.bicep',
        text: "resource everybody 'Microsoft.ServiceBus/namespaces/authorizationRules@2024-01-01' = {\n  parent: namespace\n  name: 'everybody'\n  properties: {\n    rights: ['Listen']\n  }\n}",
      },
    ],
    check({ deployment }) {
      const ours = deployment.instances.filter(({ type }) => type.startsWith(`${namespace}`));
      const findings = ours
        .filter(({ type }) => type.toLowerCase().endsWith('/authorizationrules'))
        .map(({ place }) => ({ place, message: 'a shared access policy is a key that anybody can copy' }));
      return { subjects: ours.length, findings };
    },
  },
];
