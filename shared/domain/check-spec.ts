import { type Fault, faultsOf } from '../contracts/faults.ts';
import type { Refusal, SpecificationSlug } from '../contracts/refusals.ts';
import { refuse } from '../contracts/refusals.ts';
import { type ExperimentSpec, experimentSpec } from '../contracts/spec.ts';
import { flawOfStrategy } from './check-strategy.ts';
import { cohortSize } from './cohort.ts';

export type SpecChecked =
  | { readonly ok: true; readonly spec: ExperimentSpec }
  | (Refusal<SpecificationSlug> & { readonly faults: readonly Fault[] });

/** Tiers that the protocol knows and this version cannot run. */
const tiersToCome = ['secagg', 'attested'];

/** All that can be said of a spec by itself; `now` is an RFC 3339 instant. Which silos exist is the roster's to say. */
export function checkSpec(document: unknown, now: string): SpecChecked {
  const tier = tierOf(document);
  if (tier !== undefined && tiersToCome.includes(tier)) {
    return fail(
      'privacy-tier-incompatible',
      'privacy.tier',
      `the tier ${tier} is not available; use "sealed"`,
    );
  }
  const parsed = experimentSpec.safeParse(document);
  if (!parsed.success) {
    const faults = faultsOf(parsed.error, experimentSpec);
    const slug = faults.every(({ unknownField }) => unknownField) ? 'spec-unknown-field' : 'spec-invalid';
    return { ...refuse(slug, summary(faults)), faults };
  }
  const spec = parsed.data;
  const twice = spec.silos.find((silo, index) => spec.silos.indexOf(silo) !== index);
  if (twice !== undefined) return fail('spec-invalid', 'silos', `the silo ${twice} is named twice`);
  if (spec.initialModel.kind === 'init' && !spec.silos.includes(spec.initialModel.silo)) {
    return fail(
      'spec-invalid',
      'initialModel.silo',
      `${spec.initialModel.silo} is not among the experiment's silos`,
    );
  }
  const { quorum, cohort, endBy } = spec.roundPolicy;
  const asked = cohortSize(cohort, spec.silos.length);
  if ('size' in cohort && cohort.size > spec.silos.length) {
    return fail('quorum-impossible', 'roundPolicy.cohort.size', `there are ${spec.silos.length} silos`);
  }
  if (quorum !== undefined && quorum > asked) {
    return fail(
      'quorum-impossible',
      'roundPolicy.quorum',
      `the quorum is ${quorum} and each round asks ${asked} silos`,
    );
  }
  const flaw = flawOfStrategy(spec);
  if (flaw !== undefined) return fail('spec-invalid', flaw.path, flaw.message);
  if (endBy !== undefined && endBy <= now) {
    return fail('deadline-past', 'roundPolicy.endBy', `${endBy} has passed; it is ${now}`);
  }
  return { ok: true, spec };
}

function fail(slug: SpecificationSlug, path: string, message: string): SpecChecked {
  const faults = [{ path, message, unknownField: false }];
  return { ...refuse(slug, summary(faults)), faults };
}

function summary(faults: readonly Fault[]): string {
  return faults
    .slice(0, 5)
    .map(({ path, message, suggestion }) => {
      const hint = suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`;
      return `${path === '' ? 'the document' : path}: ${message}${hint}`;
    })
    .join('; ');
}

function tierOf(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null || !('privacy' in document)) return undefined;
  const { privacy } = document;
  if (typeof privacy !== 'object' || privacy === null || !('tier' in privacy)) return undefined;
  return typeof privacy.tier === 'string' ? privacy.tier : undefined;
}
