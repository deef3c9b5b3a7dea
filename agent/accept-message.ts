/**
 * What arrives on the silo's queue. When these functions resolve the message is settled: all that matters is on
 * disk by then. Delivered again, a message changes nothing.
 */
import { rm } from 'node:fs/promises';
import type { OutcomeBody } from '../shared/contracts/outcome.ts';
import type { Plan } from '../shared/contracts/plan.ts';
import { bodyDigest } from '../shared/sealing/signature.ts';
import type { Journal } from './journal.ts';
import { isUnfinished, type JournalEntry, replyDigest } from './journal-entry.ts';
import { dropResult } from './kept-result.ts';
import type { Log } from './log.ts';
import { verifyMessage } from './signed-message.ts';
import { sweep } from './sweep.ts';
import { trainingKey } from './training-key.ts';
import { sealedFile, type WorkDirectory } from './work-directory.ts';

export interface Reception {
  readonly silo: string;
  readonly pin: string;
  readonly journal: Journal;
  readonly work: WorkDirectory;
  readonly log: Log;
  /** There is a task to work on. */
  readonly wake: () => void;
  /** Stops the work on a participation, if it is the present one. */
  readonly interrupt: (participation: string) => void;
}

export async function acceptMessage(body: unknown, to: Reception): Promise<void> {
  const message = verifyMessage(body, to.pin);
  if (!message.ok) {
    to.log('warn', 'message-ignored', { slug: message.slug, reason: message.detail });
    return;
  }
  if (message.kind === 'plan') await acceptPlan(message.plan, to);
  else await acceptOutcome(message.outcome, to);
}

async function acceptPlan(plan: Plan, to: Reception): Promise<void> {
  const { journal, log } = to;
  const sameExperiment = journal.entries().filter((entry) => entry.plan.experiment === plan.experiment);
  if (sameExperiment.some((entry) => isNewer(entry.plan, plan))) {
    log('info', 'plan-outdated', { experiment: plan.experiment, round: plan.round, attempt: plan.attempt });
    return;
  }
  const { entry, added } = await journal.add(to.silo, plan);
  const { participation } = entry;
  if (added) {
    const overdue = Date.parse(plan.deadline);
    log('info', 'plan-received', {
      participation,
      task: plan.kind,
      deadline: new Date(overdue).toISOString(),
    });
  } else if (entry.planDigest !== bodyDigest(plan)) {
    log('warn', 'message-ignored', { participation, reason: 'another plan for the same participation' });
  } else if (entry.state.step === 'replied') {
    // The coordinator asks again: it may not have the reply. The same one goes out once more.
    const { reply } = entry.state;
    await journal.move(
      entry,
      reply.kind === 'submitted' ? { step: 'uploaded', reply } : { step: 'answered', reply },
    );
  }
  await supersede(plan, to);
  to.wake();
}

function isNewer(known: Plan, than: Plan): boolean {
  return known.round > than.round || (known.round === than.round && known.attempt > than.attempt);
}

/** Older attempts are not worth a reply any more, and rounds before this one are history. */
async function supersede(plan: Plan, { journal, work, interrupt, log }: Reception): Promise<void> {
  const key = trainingKey(plan);
  let swept = false;
  for (const older of journal.entries()) {
    if (older.plan.experiment !== plan.experiment || !isNewer(plan, older.plan)) continue;
    if (older.plan.round < plan.round) {
      // In this order: a task that is interrupted while its entry is there would be started again.
      await journal.remove(older.participation);
      interrupt(older.participation);
      swept = true;
    } else if (isUnfinished(older)) {
      await journal.move(older, { step: 'over', why: 'superseded' });
      log('info', 'attempt-superseded', { participation: older.participation });
      // A training that the new attempt needs as well goes on.
      if (trainingKey(older.plan) !== key) interrupt(older.participation);
      swept = true;
    }
  }
  if (swept) await sweep(work, journal);
}

/** Refusals that are caused by the update's own bytes: it would be refused again. */
const BYTE_REFUSALS: readonly string[] = [
  'tensor-header',
  'tensor-schema',
  'not-finite',
  'norm-cap',
  'weight-cap',
];

async function acceptOutcome(outcome: OutcomeBody, to: Reception): Promise<void> {
  const { journal, log, work } = to;
  if (outcome.result === 'ended') {
    await forgetExperiment(outcome.experiment, to);
    log('info', 'experiment-ended', { experiment: outcome.experiment, status: outcome.status });
    return;
  }
  const { participation } = outcome;
  const entry = journal.get(participation);
  if (entry === undefined || !answers(outcome, entry)) {
    log('info', 'outcome-unmatched', { participation });
    return;
  }
  if (outcome.result === 'refused') {
    log('warn', 'update-refused', { participation, slug: outcome.slug, reason: outcome.detail });
    // Before the journal moves: a crash in between is mended by the message's next delivery.
    if (BYTE_REFUSALS.includes(outcome.slug)) await dropResult(work.updates, trainingKey(entry.plan));
    await journal.move(entry, { step: 'over', why: 'refused', slug: outcome.slug.slice(0, 64) });
  } else {
    log('info', `update-${outcome.result}`, { participation });
    await journal.move(entry, { step: 'over', why: outcome.result });
  }
  await rm(sealedFile(work, participation), { force: true });
}

function answers(
  outcome: Exclude<OutcomeBody, { result: 'ended' }>,
  { planDigest, state }: JournalEntry,
): boolean {
  if (outcome.plan !== planDigest || !('reply' in state)) return false;
  return replyDigest(state.reply) === outcome.manifestDigest;
}

async function forgetExperiment(experiment: string, to: Reception): Promise<void> {
  for (const entry of to.journal.entries()) {
    if (entry.plan.experiment !== experiment) continue;
    await to.journal.remove(entry.participation);
    to.interrupt(entry.participation);
  }
  await sweep(to.work, to.journal);
}
