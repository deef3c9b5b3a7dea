import { allRules } from '../../../infra/rules/all-rules.ts';
import { deploymentsOf } from '../../../infra/rules/deployments.ts';
import { type Deployment, expand } from '../../../infra/rules/evaluate/deployment.ts';
import type { Templates } from '../../../infra/rules/evaluate/templates.ts';
import { type Mutation, mutate } from '../../../infra/rules/mutation.ts';
import type { Rule, Subject, Verdict } from '../../../infra/rules/rule.ts';
import { runRules } from '../../../infra/rules/run-rules.ts';

/** Ids of the rules that fail once our own templates are changed so. */
export function redAfter(
  own: string,
  mutation: Mutation,
  templates: Templates,
  covering: readonly Deployment[],
): string[] {
  const mutant = mutate(mutation, templates, covering);
  const [error] = mutant.syntaxErrors();
  if (error !== undefined) throw new Error(`the mutant does not parse: ${error.message}`);
  const changed = changedPaths(templates, mutant);
  const wanted = new Map(deploymentsOf(mutant).map((one) => [one.name, one]));
  const deployments = covering.map((deployment) => {
    const again = wanted.get(deployment.name);
    const isTouched = changed.some((path) => deployment.files.has(path) || deployment.name === path);
    return again !== undefined && isTouched ? expand(again, mutant) : deployment;
  });
  return [...new Set(runRules(allRules, deployments, mutant, remembered).map(({ rule }) => rule))].filter(
    (id) => id !== sideEffect || id === own,
  );
}

/** A property that loses its value may leave a parameter without a use, which is no second opinion on the property. */
const sideEffect = 'nothing-unused';

/** What a rule said of a deployment that did not change; rules about files are asked again each time. */
const verdicts = new WeakMap<Deployment, Map<string, Verdict>>();
function remembered(rule: Rule, subject: Subject): Verdict {
  if (rule.isAboutFiles === true) return rule.check(subject);
  const known = verdicts.get(subject.deployment) ?? new Map<string, Verdict>();
  verdicts.set(subject.deployment, known);
  const verdict = known.get(rule.id) ?? rule.check(subject);
  known.set(rule.id, verdict);
  return verdict;
}

function changedPaths(before: Templates, after: Templates): string[] {
  return before.paths.filter((path) => before.text(path) !== after.text(path));
}

/** Every mutation of some rules, as `it.each` takes them. */
export function mutationsOf(rules: readonly Rule[]) {
  return rules.flatMap((rule) =>
    rule.mutations.map((mutation, index) => ({ id: rule.id, nth: index + 1, rule, mutation })),
  );
}
