import type { Deployment } from './evaluate/deployment.ts';
import type { Templates } from './evaluate/templates.ts';
import type { Place } from './evaluate/value.ts';
import type { Rule, Subject, Verdict } from './rule.ts';

export interface Failure {
  readonly rule: string;
  readonly title: string;
  readonly message: string;
  readonly fix: string;
  readonly place: Place;
  /** One of the deployments in which it is so. */
  readonly deployment: string;
}

/**
 * Every rule over every deployment; the same fault at the same place is told once.
 * A rule that found nothing to look at has not passed: it fails, as its subject was renamed or removed.
 */
export function runRules(
  rules: readonly Rule[],
  deployments: readonly Deployment[],
  templates: Templates,
  verdictOf: (rule: Rule, subject: Subject) => Verdict = (rule, subject) => rule.check(subject),
): Failure[] {
  return rules.flatMap((rule) => failuresOf(rule, deployments, templates, verdictOf));
}

function failuresOf(
  rule: Rule,
  deployments: readonly Deployment[],
  templates: Templates,
  verdictOf: (rule: Rule, subject: Subject) => Verdict,
): Failure[] {
  const { id, title, fix } = rule;
  const found = new Map<string, Failure>();
  let subjects = 0;
  const looked = rule.isAboutFiles === true ? deployments.slice(0, 1) : deployments;
  for (const deployment of looked) {
    const verdict = verdictOf(rule, { deployment, templates });
    subjects += verdict.subjects;
    for (const { place, message } of verdict.findings) {
      const key = `${place.path}:${place.start}:${message}`;
      if (found.has(key)) continue;
      found.set(key, { rule: id, title, message, fix, place, deployment: deployment.name });
    }
  }
  if (subjects > 0) return [...found.values()];
  const place = { path: 'infra/main.bicep', start: 0, end: 0 };
  const message = 'there is nothing in the templates that it speaks of';
  return [{ rule: id, title, message, fix, place, deployment: 'all' }];
}
