import type { Deployment } from './evaluate/deployment.ts';
import type { Templates } from './evaluate/templates.ts';
import type { Place } from './evaluate/value.ts';
import type { Mutation } from './mutation.ts';

export interface Finding {
  readonly place: Place;
  readonly message: string;
}

export interface Verdict {
  /** How many things were looked at. A rule that looks at nothing in any deployment has not passed. */
  readonly subjects: number;
  readonly findings: readonly Finding[];
}

/** What every template has to keep, whatever its parameters. */
export interface Rule {
  readonly id: string;
  /** Item of the hardening checklist that it is for. */
  readonly checklist: string;
  /** A sentence that is true where the rule holds. */
  readonly title: string;
  /** What to do where it does not. */
  readonly fix: string;
  /** Changes to our own templates after which exactly this rule fails. */
  readonly mutations: readonly Mutation[];
  /** It speaks of the files themselves: one look is enough, whatever is deployed. */
  readonly isAboutFiles?: boolean;
  readonly check: (subject: Subject) => Verdict;
}

export interface Subject {
  readonly deployment: Deployment;
  readonly templates: Templates;
}
