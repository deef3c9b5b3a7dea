import { describe, expect, it } from 'vitest';
import { allRules } from '../../infra/rules/all-rules.ts';
import { templatesOf } from '../../infra/rules/repository.ts';
import { repositoryRoot } from '../docs/repository.ts';
import { coveringDeployments } from './support/covering.ts';
import { mutationsOf, redAfter } from './support/mutants.ts';

const templates = templatesOf(repositoryRoot);
const covering = coveringDeployments(templates);
const rules = allRules.filter(({ checklist }) => !/^[2-6] /.test(checklist));

describe('a template whose app, network, logs, roles or names are weakened', () => {
  it.each(mutationsOf(rules))('fails $id, and that rule only ($nth)', ({ id, mutation }) => {
    expect(redAfter(id, mutation, templates, covering)).toEqual([id]);
  });
});
