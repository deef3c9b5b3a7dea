/** What templates name of Azure is known, and every resource says whose it is and where it goes. */
import { at } from '../evaluate/access.ts';
import type { Deployment } from '../evaluate/deployment.ts';
import { isBicep } from '../evaluate/templates.ts';
import { type Instance, known, optionsOf, show } from '../evaluate/value.ts';
import { apiVersions, builtInPolicies, builtInRoles } from '../known-azure.ts';
import type { Rule } from '../rule.ts';

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

function located({ instances }: Deployment): Instance[] {
  return instances.filter(({ existing, body }) => !existing && at(body, 'location') !== undefined);
}

export const namingRules: readonly Rule[] = [
  {
    id: 'known-api-versions',
    checklist: '12 Supply',
    title: 'Every resource type and API version is one that was looked up.',
    fix: 'Use the version in infra/rules/known-azure.ts, or look the new one up and write it there with its date.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/messaging.bicep',
        find: /Microsoft\.ServiceBus\/namespaces\/queues@2024-01-01/,
        by: 'Microsoft.ServiceBus/namespaces/queues@2031-01-01',
      },
    ],
    check({ deployment }) {
      const findings = deployment.instances
        .filter(({ type, apiVersion = '' }) => !(apiVersions[type] ?? []).includes(apiVersion))
        .map(({ type, apiVersion, typePlace }) => ({
          place: typePlace,
          message: `${type}@${apiVersion} is not among the known`,
        }));
      return { subjects: deployment.instances.length, findings };
    },
  },
  {
    id: 'known-roles',
    checklist: '12 Supply',
    title: 'Every id of a built-in role or policy is one that was looked up.',
    fix: 'Use an id of infra/rules/known-azure.ts, or look the new one up and write it there with its date.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/roles.bicep',
        find: /69a216fc-b8fb-44d8-bc22-1f3c2cd27a39/g,
        by: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a30',
      },
    ],
    isAboutFiles: true,
    check({ templates }) {
      const found = templates.paths
        .filter((path) => path.endsWith('.bicep') && isBicep(path))
        .flatMap((path) =>
          [...(templates.text(path) ?? '').matchAll(uuid)].map((match) => ({ path, match })),
        );
      const findings = found
        .filter(({ match: [id] }) => !(id in builtInRoles) && !(id in builtInPolicies))
        .map(({ path, match }) => ({
          place: { path, start: match.index, end: match.index + match[0].length },
          message: `${match[0]} is no known role or policy`,
        }));
      return { subjects: found.length, findings };
    },
  },
  {
    id: 'tagged',
    checklist: '10 Policy',
    title: 'Every resource that has a region has tags.',
    fix: 'Set tags: tags.',
    mutations: [
      { kind: 'remove', type: 'Microsoft.ServiceBus/namespaces', path: 'tags' },
      { kind: 'remove', type: 'Microsoft.KeyVault/vaults', path: 'tags' },
    ],
    check({ deployment }) {
      const subjects = located(deployment);
      const findings = subjects
        .filter(({ body }) => at(body, 'tags') === undefined)
        .map(({ place }) => ({ place, message: 'no tags' }));
      return { subjects: subjects.length, findings };
    },
  },
  {
    id: 'region-is-given',
    checklist: '10 Policy',
    title: 'No template fixes a region.',
    fix: "Take the region from a parameter; only 'global' may be written out.",
    mutations: [
      { kind: 'set', type: 'Microsoft.ServiceBus/namespaces', path: 'location', to: "'westeurope'" },
    ],
    check({ deployment }) {
      const subjects = located(deployment);
      const findings = subjects.flatMap(({ body, place }) => {
        const location = at(body, 'location');
        const isWritten =
          location !== undefined &&
          optionsOf(location).some((option) => {
            const text = known(option);
            return typeof text === 'string' && text !== 'global' && isLiteralAt(option.place, place);
          });
        return isWritten ? [{ place: location.place ?? place, message: `region ${show(location)}` }] : [];
      });
      return { subjects: subjects.length, findings };
    },
  },
];

/** Whether a value stands within the resource itself, and was not given to it. */
function isLiteralAt(value: Instance['place'] | undefined, resource: Instance['place']): boolean {
  return (
    value !== undefined &&
    value.path === resource.path &&
    value.start >= resource.start &&
    value.end <= resource.end &&
    value.end - value.start > 'location'.length
  );
}
