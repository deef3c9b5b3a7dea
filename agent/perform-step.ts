import type { Plan } from '../shared/contracts/plan.ts';
import type { AnyReply, EntryState, JournalEntry } from './journal-entry.ts';
import { replyDigest } from './journal-entry.ts';
import { readResult } from './kept-result.ts';
import type { NextStep } from './next-step.ts';
import { replyContext, signReply, wantedMetrics } from './plain-reply.ts';
import type { Outbox } from './ports.ts';
import { sealTask, uploadPath } from './seal-task.ts';
import type { TaskContext } from './task-context.ts';
import { trainTask } from './train-task.ts';
import { trainingKey } from './training-key.ts';
import { sealedFile } from './work-directory.ts';

/**
 * Does one step and answers the state that the journal should have next; undefined when the work was stopped. Throws
 * when the step cannot be done now. Every step may be repeated: the journal moves only afterwards.
 */
export async function performStep(
  step: Exclude<NextStep, { do: 'wait' }>,
  entry: JournalEntry,
  options: TaskContext & { signal: AbortSignal },
): Promise<EntryState | undefined> {
  const { config, work, world, progress, log, signal } = options;
  const { silo } = config;
  const { participation, plan } = entry;
  const giveUp = (kind: 'declined' | 'failed', reason: { slug: string; detail: string }): EntryState => {
    log('warn', `task-${kind}`, { participation, slug: reason.slug, reason: reason.detail });
    return { step: 'given-up', kind, slug: reason.slug, detail: reason.detail };
  };

  switch (step.do) {
    case 'expire':
      log('info', 'plan-expired', { participation, slug: 'plan-expired' });
      return { step: 'over', why: 'expired' };
    case 'decline':
      return giveUp('declined', step);
    case 'train': {
      progress.stage(entry, 'received');
      const { coordinator, clock } = world;
      const stage = (name: 'downloading' | 'training'): void => progress.stage(entry, name);
      const trained = await trainTask({ ...options, entry, coordinator, clock, stage });
      if (trained.result === 'stopped') return undefined;
      if (trained.result === 'over') return { step: 'over', why: 'expired' };
      if (trained.result === 'failed') return giveUp('failed', trained);
      return { step: 'trained' };
    }
    case 'say-no': {
      const reason = { slug: step.slug, detail: step.detail };
      const body = { kind: step.kind, ...replyContext(entry, silo), reason };
      return { step: 'answered', reply: await signReply(body, world.keys) };
    }
    case 'evaluated': {
      const result = await readResult(work.updates, trainingKey(plan));
      if (result === undefined) throw new Error('the kept result has gone');
      const { numExamples } = result;
      const metrics = wantedMetrics(result.metrics, plan);
      const body = { kind: 'evaluated' as const, ...replyContext(entry, silo), metrics, numExamples };
      return { step: 'answered', reply: await signReply(body, world.keys) };
    }
    case 'seal': {
      progress.stage(entry, 'sealing');
      const now = world.clock.now();
      const sealed = await sealTask({ entry, silo, work, keys: world.keys, now, log });
      return sealed.ok ? { step: 'sealed', reply: sealed.reply } : giveUp('failed', sealed);
    }
    case 'upload': {
      progress.stage(entry, 'uploading');
      const made = await world.updates.create(
        uploadPath(step.reply),
        sealedFile(work, participation),
        signal,
      );
      log('info', 'update-uploaded', { participation, bytes: step.reply.m.ctLen, made });
      return { step: 'uploaded', reply: step.reply };
    }
    case 'reply':
      await sendReply(step.reply, entry, world.outbox);
      progress.stage(entry, 'submitted');
      log('info', 'reply-sent', { participation, kind: kindOf(step.reply) });
      return { step: 'replied', reply: step.reply };
  }
}

function sendReply(reply: AnyReply, entry: JournalEntry, outbox: Outbox): Promise<void> {
  return outbox.send('updates', {
    // The same for every repetition of this reply, so that a repeated send can be recognised.
    messageId: `${entry.participation}#${replyDigest(reply)}`,
    body: reply,
    ...traceOf(entry.plan),
  });
}

function traceOf(plan: Plan): { traceparent: string } | object {
  return plan.traceparent === undefined ? {} : { traceparent: plan.traceparent };
}

function kindOf(reply: AnyReply): string {
  return reply.kind === 'submitted' ? reply.kind : reply.body.kind;
}
