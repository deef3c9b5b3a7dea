/** What somebody is woken for. */

import { isSilo } from '../conditions.ts';
import { at } from '../evaluate/access.ts';
import type { Deployment } from '../evaluate/deployment.ts';
import { type Instance, known, show } from '../evaluate/value.ts';
import type { Mutation } from '../mutation.ts';
import { deployed } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const checklist = '9 Logs';
const alertTypes = [
  'Microsoft.Insights/metricAlerts',
  'Microsoft.Insights/scheduledQueryRules',
  'Microsoft.Insights/activityLogAlerts',
];

/** Enabled, and tells an action group. */
function isLive({ body }: Instance): boolean {
  const enabled = at(body, 'properties.enabled');
  const actions = at(body, 'properties.actions');
  return (
    enabled !== undefined &&
    known(enabled) === true &&
    actions !== undefined &&
    /actionGroup/i.test(show(actions))
  );
}

interface AlertRule {
  readonly id: string;
  readonly title: string;
  readonly fix: string;
  /** Found in the alert's condition. */
  readonly about: RegExp;
  /** Of which deployments; all that have a vault, if not said. */
  readonly where?: (deployment: Deployment) => boolean;
  readonly mutations: readonly Mutation[];
}

function alertRule({ about, where, ...rule }: AlertRule): Rule {
  return {
    ...rule,
    checklist,
    check({ deployment }) {
      const alerts = alertTypes.flatMap((type) => deployed(deployment, type));
      const [first] = alerts;
      if (first === undefined || where?.(deployment) === false) return { subjects: 0, findings: [] };
      const found = alerts.filter(({ body }) => about.test(show(body)));
      if (found.some(isLive)) return { subjects: alerts.length, findings: [] };
      const message = found.length === 0 ? 'no such alert' : 'the alert is off or tells nobody';
      return { subjects: alerts.length, findings: [{ place: (found[0] ?? first).place, message }] };
    },
  };
}

const isCoordinator = (deployment: Deployment): boolean => !isSilo(deployment);
const coordinator = 'infra/modules/alerts.bicep';
const silo = 'infra/silo/modules/alerts.bicep';

export const alertRules: readonly Rule[] = [
  alertRule({
    id: 'alert-dead-letters',
    title: 'A message that was put aside raises an alert.',
    fix: 'Have a metric alert on DeadletteredMessages above 0.',
    about: /DeadletteredMessages.*threshold: 0[,}]/,
    where: isCoordinator,
    mutations: [
      { kind: 'replace', path: coordinator, find: /threshold: 0/, by: 'threshold: 100' },
      {
        kind: 'replace',
        path: coordinator,
        find: /enabled: true(?=\s+scopes: \[\s+serviceBus)/,
        by: 'enabled: false',
      },
    ],
  }),
  alertRule({
    id: 'alert-signing-key-use',
    title: 'A signature by anybody but its owner raises an alert.',
    fix: 'Have a query alert on KeySign by another caller.',
    about: /KeySign" and caller !~/,
    mutations: [
      { kind: 'replace', path: coordinator, find: /"KeySign" and caller !~/, by: '"KeySign" and caller =~' },
    ],
  }),
  alertRule({
    id: 'alert-unwrap',
    title: 'An unwrapping by anybody but the aggregator raises an alert at the silo.',
    fix: 'Have a query alert on KeyUnwrap by another caller.',
    about: /KeyUnwrap".*caller !~/,
    where: isSilo,
    mutations: [{ kind: 'replace', path: silo, find: /"KeyUnwrap", /, by: '' }],
  }),
  alertRule({
    id: 'alert-experiment-failed',
    title: 'An experiment that the coordinator gives up raises an alert.',
    fix: 'Have a query alert on the line that activities/failure-line.ts writes.',
    about: /AppTraces .*line\.event\) == "experiment-failed"/,
    where: isCoordinator,
    mutations: [
      { kind: 'replace', path: coordinator, find: /== "experiment-failed"/, by: '== "experiment-ended"' },
    ],
  }),
  alertRule({
    id: 'alert-resource-health',
    title: 'A resource that Azure calls unavailable raises an alert: what is down writes no log.',
    fix: 'Have an activity-log alert on ResourceHealth with Unavailable.',
    about: /ResourceHealth.*Unavailable/,
    where: isCoordinator,
    mutations: [
      { kind: 'drop', type: 'Microsoft.Insights/activityLogAlerts', symbol: 'resourceHealth' },
      { kind: 'replace', path: coordinator, find: /'Unavailable'/, by: "'Available'" },
    ],
  }),
  alertRule({
    id: 'alert-key-changed',
    title: 'A change of a key, as when it is disabled, raises an alert.',
    fix: 'Have a query alert on KeyUpdate, KeyDelete and KeyRotate.',
    about: /KeyUpdate".*KeyDelete"/,
    mutations: [
      { kind: 'replace', path: coordinator, find: /"KeyUpdate", /, by: '' },
      { kind: 'replace', path: silo, find: /"KeyUpdate", /, by: '' },
    ],
  }),
  alertRule({
    id: 'alert-vault-refused',
    title: 'A call that a vault refused raises an alert.',
    fix: 'Have a query alert on calls with 403 and 401.',
    about: /ResultSignature.*Forbidden/,
    mutations: [{ kind: 'replace', path: coordinator, find: /"Forbidden", /, by: '' }],
  }),
  alertRule({
    id: 'alert-role-granted',
    title: 'A role that is granted raises an alert.',
    fix: 'Have an activity-log alert on roleAssignments/write.',
    about: /roleAssignments\/write/,
    mutations: [
      { kind: 'drop', type: 'Microsoft.Insights/activityLogAlerts', symbol: 'roleGranted' },
      { kind: 'replace', path: silo, find: /roleAssignments\/write/, by: 'roleAssignments/read' },
    ],
  }),
  alertRule({
    id: 'alert-role-withdrawn',
    title: 'A role that is withdrawn raises an alert at the coordinator.',
    fix: 'Have an activity-log alert on roleAssignments/delete.',
    about: /roleAssignments\/delete/,
    where: isCoordinator,
    mutations: [{ kind: 'drop', type: 'Microsoft.Insights/activityLogAlerts', symbol: 'roleWithdrawn' }],
  }),
  alertRule({
    id: 'alert-failures',
    title: 'An orchestration that failed raises an alert.',
    fix: 'Have a query alert on orchestrations whose state is Failed.',
    about: /DurableTask.*Failed/,
    where: isCoordinator,
    mutations: [{ kind: 'replace', path: coordinator, find: /== "Failed"/, by: '== "Completed"' }],
  }),
];
