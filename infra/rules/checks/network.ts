import { isIsolated } from '../conditions.ts';
import { at, itemsOf } from '../evaluate/access.ts';
import { type Instance, known, optionsOf, show, type Value } from '../evaluate/value.ts';
import { deployed } from '../property-rule.ts';
import type { Finding, Rule } from '../rule.ts';

const group = 'Microsoft.Network/networkSecurityGroups';
const network = 'Microsoft.Network/virtualNetworks';
const endpoint = 'Microsoft.Network/privateEndpoints';
const checklist = '8 Network';

function securityRules(instance: Instance): Value[] {
  return (itemsOf(at(instance.body, 'properties.securityRules')) ?? []).map(
    (rule) => at(rule, 'properties') ?? rule,
  );
}

function text(value: Value, path: string): string {
  const found = at(value, path);
  return found === undefined ? '' : String(known(found) ?? show(found));
}

const anywhere = /^(\*|Internet|Any|0\.0\.0\.0\/0)$/i;

/** By its one source or by any in its list; a list that cannot be known may hold anything. */
function isFromAnywhere(rule: Value): boolean {
  const list = itemsOf(at(rule, 'sourceAddressPrefixes'));
  if (list === undefined) return true;
  return (
    anywhere.test(text(rule, 'sourceAddressPrefix')) ||
    list.some((item) => anywhere.test(String(known(item))))
  );
}

/** Subnets that a network declares itself. */
function subnetsOf(instance: Instance): readonly Value[] {
  return itemsOf(at(instance.body, 'properties.subnets')) ?? [];
}

function subnetRule(
  id: string,
  title: string,
  fix: string,
  isWrong: (subnet: Value) => boolean,
  by: { find: RegExp; by: string },
): Rule {
  return {
    id,
    checklist,
    title,
    fix,
    mutations: [{ kind: 'replace', path: 'infra/modules/network.bicep', ...by }],
    check({ deployment }) {
      const subjects = deployed(deployment, network).flatMap((one) =>
        subnetsOf(one).map((subnet) => ({ one, subnet })),
      );
      const findings = subjects
        .filter(({ subnet }) => isWrong(subnet))
        .map(({ one, subnet }) => ({
          place: subnet.place ?? one.place,
          message: `subnet ${text(subnet, 'name')}`,
        }));
      return { subjects: subjects.length, findings };
    },
  };
}

/** Kinds of endpoint that a deployment with network isolation has to have, by the group that they speak for. */
const wantedGroups = ['blob', 'queue', 'table', 'namespace', 'Sql'];

export const networkRules: readonly Rule[] = [
  {
    id: 'network-inbound-denied',
    checklist,
    title: 'Security groups deny what comes in and is not named.',
    fix: 'End the group with a rule that denies all inbound traffic.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/security-groups.bicep',
        find: /(direction: 'Inbound'\s+access: )'Deny'/,
        by: "$1'Audit'",
      },
    ],
    check({ deployment }) {
      const subjects = deployed(deployment, group);
      const findings = subjects
        .filter(
          (one) =>
            !securityRules(one).some(
              (rule) =>
                text(rule, 'direction') === 'Inbound' &&
                text(rule, 'access') === 'Deny' &&
                isFromAnywhere(rule),
            ),
        )
        .map(({ place }) => ({ place, message: 'no rule denies all inbound traffic' }));
      return { subjects: subjects.length, findings };
    },
  },
  {
    id: 'network-nobody-comes-in',
    checklist,
    title: 'No security group lets anybody in from anywhere.',
    fix: 'Name the source of every rule that allows inbound traffic.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/security-groups.bicep',
        find: /sourceAddressPrefixes: concat\(appRanges, peerAddressRanges\)/,
        by: "sourceAddressPrefixes: ['*']",
      },
    ],
    check({ deployment }) {
      const subjects = deployed(deployment, group).flatMap((one) =>
        securityRules(one).map((rule) => ({ one, rule })),
      );
      const findings = subjects
        .filter(
          ({ rule }) =>
            text(rule, 'direction') === 'Inbound' && text(rule, 'access') === 'Allow' && isFromAnywhere(rule),
        )
        .map(({ one, rule }) => ({ place: rule.place ?? one.place, message: 'lets anybody in' }));
      return { subjects: subjects.length, findings };
    },
  },
  {
    id: 'network-egress-denied',
    checklist,
    title: 'The coordinator’s network sends nothing to the internet that is not named.',
    fix: 'End each group with a rule that denies outbound traffic to the internet.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/security-groups.bicep',
        find: /(name: 'deny-internet'\s+properties: \{\s+direction: 'Outbound'\s+access: )'Deny'/,
        by: "$1'Allow'",
      },
    ],
    check({ deployment }) {
      const subjects = isIsolated(deployment) ? deployed(deployment, group) : [];
      const findings = subjects
        .filter(
          (one) =>
            !securityRules(one).some(
              (rule) =>
                text(rule, 'direction') === 'Outbound' &&
                text(rule, 'access') === 'Deny' &&
                /^(\*|Internet)$/.test(text(rule, 'destinationAddressPrefix')),
            ),
        )
        .map(({ place }) => ({ place, message: 'outbound traffic to the internet is not denied' }));
      return { subjects: subjects.length, findings };
    },
  },
  subnetRule(
    'subnet-security-group',
    'Every subnet has a security group.',
    'Set networkSecurityGroup.',
    (subnet) => at(subnet, 'properties.networkSecurityGroup.id') === undefined,
    {
      find: /networkSecurityGroup: \{\s+id: [\w.]*appSecurityGroupId\s+\}/,
      by: 'privateEndpointNetworkPolicies: null',
    },
  ),
  subnetRule(
    'subnet-no-default-egress',
    'No subnet has Azure’s default way out, whose address is nobody’s.',
    'Set defaultOutboundAccess to false.',
    (subnet) => text(subnet, 'properties.defaultOutboundAccess') !== 'false',
    { find: /defaultOutboundAccess: false/, by: 'defaultOutboundAccess: true' },
  ),
  {
    id: 'private-endpoints',
    checklist,
    title: 'With network isolation every service has a private endpoint.',
    fix: 'Add the service to infra/modules/private-endpoints.bicep.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/private-endpoints.bicep',
        find: /group: 'Sql'/,
        by: "group: 'MongoDB'",
      },
    ],
    check({ deployment }) {
      if (!isIsolated(deployment)) return { subjects: 0, findings: [] };
      const endpoints = deployed(deployment, endpoint);
      const groups = endpoints.map(({ body }) => show(body));
      const [place] = deployed(deployment, network).map((one) => one.place);
      const hasVault = deployed(deployment, 'Microsoft.KeyVault/vaults').length > 0;
      const wanted = [...wantedGroups, hasVault ? 'vault' : 'managedhsm'];
      const missing = wanted.filter((name) => !groups.some((body) => body.includes(`groupIds: ['${name}']`)));
      const findings: Finding[] =
        place === undefined
          ? []
          : missing.map((name) => ({ place, message: `no private endpoint for ${name}` }));
      return { subjects: place === undefined ? 0 : endpoints.length + 1, findings };
    },
  },
  {
    id: 'private-endpoint-names',
    checklist,
    title: 'Every private endpoint is found by name: it has a DNS zone group.',
    fix: 'Add a privateDnsZoneGroups child for each endpoint.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/private-endpoints.bicep',
        find: /parent: privateEndpoints\[index\]/,
        by: 'parent: privateEndpoints[0]',
      },
    ],
    check({ deployment }) {
      const endpoints = deployed(deployment, endpoint);
      const named = deployed(deployment, `${endpoint}/privateDnsZoneGroups`).map(({ parent }) => parent);
      const findings = endpoints
        .filter((one) => !named.includes(one))
        .map((one) => ({ place: one.place, message: `${text(one.body, 'name')} has no name in DNS` }));
      return { subjects: endpoints.length, findings };
    },
  },
  {
    id: 'scheduler-allow-list',
    checklist,
    title: 'With network isolation the Durable Task scheduler is reached from named addresses only.',
    fix: 'Set ipAllowlist to addresses, not to 0.0.0.0/0; an empty list shuts everybody out.',
    mutations: [
      {
        kind: 'set',
        type: 'Microsoft.DurableTask/schedulers',
        path: 'properties.ipAllowlist',
        to: "['0.0.0.0/0']",
      },
      { kind: 'set', type: 'Microsoft.DurableTask/schedulers', path: 'properties.ipAllowlist', to: '[]' },
    ],
    check({ deployment }) {
      const subjects = isIsolated(deployment) ? deployed(deployment, 'Microsoft.DurableTask/schedulers') : [];
      const findings = subjects.flatMap(({ body, place }) => {
        const list = at(body, 'properties.ipAllowlist');
        const isRight =
          list !== undefined &&
          optionsOf(list).every(
            (option) =>
              option.kind === 'array' &&
              option.items.length > 0 &&
              option.items.every((item) => known(item) !== '0.0.0.0/0'),
          );
        return isRight ? [] : [{ place: list?.place ?? place, message: 'open to any address, or to none' }];
      });
      return { subjects: subjects.length, findings };
    },
  },
];
