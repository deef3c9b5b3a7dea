/** What an entry needs next, decided from the journal and from what is on disk. No effects. */
import type { SealedReply } from '../shared/contracts/manifest.ts';
import type { SiloPolicy } from './config.ts';
import type { AnyReply, JournalEntry } from './journal-entry.ts';
import { policyRefusal, resultRefusal } from './policy.ts';

export interface Facts {
  /** The kept result of this entry's training, if there is one. */
  readonly numExamples: number | undefined;
  readonly sealedFileExists: boolean;
  readonly policy: SiloPolicy;
  /** Epoch milliseconds by this machine's clock. */
  readonly now: number;
}

export type NextStep =
  | { readonly do: 'expire' }
  | { readonly do: 'decline'; readonly slug: 'policy-declined' | 'roster-mismatch'; readonly detail: string }
  | {
      readonly do: 'say-no';
      readonly kind: 'declined' | 'failed';
      readonly slug: string;
      readonly detail: string;
    }
  | { readonly do: 'train' }
  | { readonly do: 'evaluated' }
  | { readonly do: 'seal' }
  | { readonly do: 'upload'; readonly reply: SealedReply }
  | { readonly do: 'reply'; readonly reply: AnyReply }
  | { readonly do: 'wait' };

/**
 * This machine's clock may be wrong by this much without a task being lost: the coordinator's `secondsLeft` decides
 * as long as it can be asked.
 */
export const CLOCK_SKEW_MS = 3_600_000;
/** How long after its deadline an attempt is still worth finishing: the coordinator answers `late`. */
export const GIVE_UP_MS = 24 * 3_600_000;

export function nextStep(entry: JournalEntry, facts: Facts): NextStep {
  const { plan, state } = entry;
  const overdue = facts.now - Date.parse(plan.deadline);
  switch (state.step) {
    case 'over':
    case 'replied':
      return { do: 'wait' };
    case 'given-up':
      if (overdue > GIVE_UP_MS) return { do: 'expire' };
      return { do: 'say-no', kind: state.kind, slug: state.slug, detail: state.detail };
    case 'answered':
      return overdue > GIVE_UP_MS ? { do: 'expire' } : { do: 'reply', reply: state.reply };
    case 'uploaded':
      return overdue > GIVE_UP_MS ? { do: 'expire' } : { do: 'reply', reply: state.reply };
    case 'sealed':
      if (overdue > GIVE_UP_MS) return { do: 'expire' };
      if (facts.sealedFileExists) return { do: 'upload', reply: state.reply };
      return withResult(entry, facts);
    case 'received': {
      const refusal = policyRefusal(plan, facts.policy);
      if (refusal) return { do: 'decline', slug: refusal.slug, detail: refusal.detail };
      return overdue > CLOCK_SKEW_MS ? { do: 'expire' } : withResult(entry, facts);
    }
    case 'trained':
      return overdue > GIVE_UP_MS ? { do: 'expire' } : withResult(entry, facts);
  }
}

/** A result that is there is used; one that is not (never made, or removed as refused) has to be made. */
function withResult({ plan }: JournalEntry, { numExamples, policy }: Facts): NextStep {
  if (numExamples === undefined) return { do: 'train' };
  const refusal = plan.kind === 'init' ? undefined : resultRefusal(numExamples, policy);
  if (refusal) return { do: 'decline', slug: refusal.slug, detail: refusal.detail };
  return plan.kind === 'evaluate' ? { do: 'evaluated' } : { do: 'seal' };
}
