import type { Plan } from '../shared/contracts/plan.ts';
import { type PlainReply, type PlainReplyBody, plainReply } from '../shared/contracts/reply.ts';
import { signBody, verifySignature } from '../shared/sealing/signature.ts';
import type { JournalEntry } from './journal-entry.ts';
import type { KeptResult } from './kept-result.ts';
import type { SiloKeys } from './ports.ts';

type Context = Pick<PlainReplyBody, 'exp' | 'round' | 'attempt' | 'silo' | 'plan'>;

export function replyContext(entry: JournalEntry, silo: string): Context {
  const { experiment, round, attempt } = entry.plan;
  return { exp: experiment, round, attempt, silo, plan: entry.planDigest };
}

/** Only the metrics that the plan asks for leave the silo; a plan that names none asks for all. */
export function wantedMetrics(metrics: KeptResult['metrics'], plan: Plan): KeptResult['metrics'] {
  const wanted = plan.task.metrics;
  if (wanted.length === 0) return metrics;
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => wanted.includes(name)));
}

/** Signs a reply that carries no tensor. */
export async function signReply(body: PlainReplyBody, keys: SiloKeys): Promise<PlainReply> {
  const { jwk } = await keys.sig();
  const sig = await signBody('tributary/reply/1', body, keys.sign);
  if (!verifySignature('tributary/reply/1', body, sig, jwk)) {
    throw new Error("the vault's signature does not fit the silo's public key");
  }
  return plainReply.parse({ kind: 'reply', body, sig });
}
