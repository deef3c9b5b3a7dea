import { describe, expect, it } from 'vitest';
import { allRules } from '../../infra/rules/all-rules.ts';
import { deploymentsOf } from '../../infra/rules/deployments.ts';
import { expand } from '../../infra/rules/evaluate/deployment.ts';
import { templatesOf } from '../../infra/rules/repository.ts';
import { runRules } from '../../infra/rules/run-rules.ts';
import { repositoryRoot } from '../docs/repository.ts';
import { coveringDeployments } from './support/covering.ts';

const templates = templatesOf(repositoryRoot);
const covering = coveringDeployments(templates);

describe('the rules', () => {
  it('are many, and each has an id, an item of the checklist, a fix and a way to break it', () => {
    expect(allRules.length).toBeGreaterThanOrEqual(60);
    expect(new Set(allRules.map(({ id }) => id)).size).toBe(allRules.length);
    for (const rule of allRules) {
      expect(rule.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(rule.checklist, rule.id).toMatch(/^\d+ \w/);
      expect(rule.title, rule.id).toMatch(/\.$/);
      expect(rule.fix, rule.id).toMatch(/\.$/);
      expect(rule.mutations.length, rule.id).toBeGreaterThan(0);
    }
  });

  it('hold in every deployment of our own templates, and each has something to look at', () => {
    const deployments = deploymentsOf(templates).map((wanted) => expand(wanted, templates));
    expect(deployments.flatMap(({ faults }) => faults)).toEqual([]);
    expect(deployments.length).toBeGreaterThan(30);
    const failures = runRules(allRules, deployments, templates);
    expect(failures.map(({ rule, place, message }) => `${place.path}: ${rule}: ${message}`)).toEqual([]);
  });

  it('speak of fewer deployments just as well, so that mutants need not be tried in all', () => {
    expect(runRules(allRules, covering, templates)).toEqual([]);
  });
});
