import { allRules } from '../../../infra/rules/all-rules.ts';
import { deploymentsOf } from '../../../infra/rules/deployments.ts';
import { type Deployment, expand } from '../../../infra/rules/evaluate/deployment.ts';
import type { Templates } from '../../../infra/rules/evaluate/templates.ts';

/** Few deployments that between them show every rule something and contain every template: the rest say the same. */
export function coveringDeployments(templates: Templates): Deployment[] {
  const all = deploymentsOf(templates).map((wanted) => expand(wanted, templates));
  const shown = new Map(
    all.map((deployment) => [
      deployment,
      new Set([
        ...deployment.files,
        ...allRules
          .filter((rule) => rule.isAboutFiles !== true && rule.check({ deployment, templates }).subjects > 0)
          .map(({ id }) => id),
      ]),
    ]),
  );
  const left = new Set([...shown.values()].flatMap((things) => [...things]));
  // Defaults first: they are what is deployed when nothing is chosen.
  const chosen = all.filter(({ isDefault }) => isDefault);
  const take = (deployment: Deployment): void => {
    for (const thing of shown.get(deployment) ?? []) left.delete(thing);
  };
  for (const deployment of chosen) take(deployment);
  while (left.size > 0) {
    const gain = (deployment: Deployment) =>
      [...(shown.get(deployment) ?? [])].filter((thing) => left.has(thing)).length;
    const [best] = all.toSorted((a, b) => gain(b) - gain(a));
    if (best === undefined || gain(best) === 0) break;
    chosen.push(best);
    take(best);
  }
  return chosen;
}
