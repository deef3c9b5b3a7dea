import type { ParticipationDocument } from '../../shared/contracts/documents.ts';
import { type ParticipationKey, participationId } from '../../shared/contracts/identifiers.ts';
import type { UpdateManifest } from '../../shared/contracts/manifest.ts';
import { type Refusal, refuse } from '../../shared/contracts/refusals.ts';
import { paths } from '../../shared/domain/resources.ts';
import type { Orchestrations } from '../../shared/ports/orchestrations.ts';
import type { Services } from '../../shared/ports/services.ts';
import { checkManifest, parseSubmitted } from '../../shared/sealing/open.ts';
import { auditRefusal } from './audit-refusal.ts';
import { inspectBlob } from './inspect-blob.ts';
import { isBuffered } from './late-update.ts';
import { accepting, announce, anyPhase, collecting, type Details, moveTo } from './participation.ts';
import { messageDigest } from './received-message.ts';
import { findContext, type ReplyContext } from './reply-context.ts';

/** A sealed update: cheap checks on the manifest, `-> submitted`, one pass over the blob, `-> admitted | refused`. */
export async function handleSubmission(
  bytes: Buffer,
  services: Services,
  orchestrations: Orchestrations,
): Promise<void> {
  const digest = messageDigest(bytes);
  const parsed = parseSubmitted(bytes);
  if (!parsed.ok) {
    return auditRefusal(
      { experiment: null, participation: null, actor: 'unknown', digest },
      parsed,
      services,
    );
  }
  const { exp: experiment, round, attempt, silo } = parsed.reply.m.h;
  const key: ParticipationKey = { experiment, round, attempt, silo };
  const about = { experiment, participation: participationId(key), actor: silo, digest };

  const context = await findContext(key, services);
  if (!context.ok) {
    return auditRefusal(
      { ...about, experiment: context.knownExperiment ? experiment : null },
      context,
      services,
    );
  }
  const checked = checkManifest(bytes, {
    silo: context.entry,
    receivedAt: services.clock.now(),
    plan: context.plan,
    planDigest: context.round.planDigest,
  });
  if (!checked.ok) {
    await auditRefusal(about, checked, services);
    // The silo itself said what is wrong with it: it is told, and the round stops waiting for it.
    if (checked.authentic !== undefined) {
      await settle(
        context,
        { digest: checked.authentic.manifestDigest, from: null },
        checked,
        services,
        orchestrations,
      );
    }
    return;
  }

  const { manifest, manifestDigest } = checked;
  const standing = await submit(context, bytes, manifest, manifestDigest, services);
  if (standing.replyDigest !== manifestDigest) {
    const detail = 'Another reply of this silo stands in this attempt; the first one counts.';
    return auditRefusal(about, refuse('duplicate-conflict', detail), services);
  }
  if (standing.state !== 'submitted') return announce(context, standing, services, orchestrations);
  await admit(context, manifest, manifestDigest, services, orchestrations);
}

/** `-> submitted`, or what stands already; `late` where the round has stopped collecting. */
async function submit(
  context: ReplyContext,
  bytes: Buffer,
  manifest: UpdateManifest,
  digest: string,
  services: Services,
): Promise<ParticipationDocument> {
  for (;;) {
    const standing = await services.experiments.readParticipation(context.key);
    if (standing !== undefined) return standing;
    const { experiment, round, attempt, silo } = context.key;
    const path = paths.manifest(experiment, round, attempt, silo, digest);
    const { reference } = await services.archive.putOrRead(path, bytes);
    const details = {
      manifest: reference,
      weight: manifest.h.weight,
      numExamples: manifest.h.numExamples,
      metrics: manifest.h.metrics,
    };
    const moved = await moveTo(
      context,
      digest,
      { from: null, state: 'submitted', counters: { submitted: 1 }, whileRound: collecting, details },
      services,
    );
    if (moved.result === 'round-moved-on') await recordLate(context, manifest, digest, details, services);
  }
}

/** Nothing is read of a late update, unless a later round may count it. */
async function recordLate(
  context: ReplyContext,
  manifest: UpdateManifest,
  digest: string,
  details: Details,
  services: Services,
): Promise<void> {
  const inspected = (await isBuffered(context, services))
    ? await inspectBlob(context, manifest, services)
    : undefined;
  if (inspected?.ok === false) {
    const { experiment, silo } = context.key;
    const about = { experiment, participation: participationId(context.key), actor: silo, digest };
    await auditRefusal(about, inspected, services);
    const reason = { slug: inspected.slug, detail: inspected.detail };
    const counters = { submitted: 1, refused: 1 };
    const move = {
      from: null,
      state: 'refused' as const,
      counters,
      whileRound: anyPhase,
      details: { reason },
    };
    await moveTo(context, digest, move, services);
    return;
  }
  const pinned = inspected === undefined ? {} : { pin: inspected.pin, evidence: inspected.evidence };
  await moveTo(
    context,
    digest,
    {
      from: null,
      state: 'late',
      counters: { submitted: 1, late: 1 },
      whileRound: anyPhase,
      details: { ...details, ...pinned, reason: tooLate(context) },
    },
    services,
  );
}

/** The dear half. What it finds is pinned: exactly these bytes count, whatever happens to the blob later. */
async function admit(
  context: ReplyContext,
  manifest: UpdateManifest,
  digest: string,
  services: Services,
  orchestrations: Orchestrations,
): Promise<void> {
  const found = await inspectBlob(context, manifest, services);
  if (!found.ok) {
    const { experiment, silo } = context.key;
    const about = { experiment, participation: participationId(context.key), actor: silo, digest };
    await auditRefusal(about, found, services);
    return settle(context, { digest, from: 'submitted' }, found, services, orchestrations);
  }
  const { h } = manifest;
  const details = { weight: h.weight, numExamples: h.numExamples, metrics: h.metrics };
  const moved = await moveTo(
    context,
    digest,
    {
      from: 'submitted',
      state: 'admitted',
      counters: { admitted: 1 },
      whileRound: accepting,
      details: { ...details, pin: found.pin, evidence: found.evidence },
    },
    services,
  );
  if (moved.result === 'round-moved-on') {
    const pinned = (await isBuffered(context, services)) ? { pin: found.pin, evidence: found.evidence } : {};
    await moveTo(
      context,
      digest,
      {
        from: 'submitted',
        state: 'late',
        counters: { late: 1 },
        whileRound: anyPhase,
        details: { ...details, ...pinned, reason: tooLate(context) },
      },
      services,
    );
  }
  // A second delivery may have got here first: what stands in the ledger is the answer.
  const standing = await services.experiments.readParticipation(context.key);
  if (standing !== undefined) await announce(context, standing, services, orchestrations);
}

/** `-> refused`, with the silo told. */
async function settle(
  context: ReplyContext,
  reply: { digest: string; from: 'submitted' | null },
  refusal: Refusal,
  services: Services,
  orchestrations: Orchestrations,
): Promise<void> {
  const reason = { slug: refusal.slug, detail: refusal.detail };
  await moveTo(
    context,
    reply.digest,
    {
      from: reply.from,
      state: 'refused',
      counters: reply.from === null ? { submitted: 1, refused: 1 } : { refused: 1 },
      whileRound: anyPhase,
      details: { reason },
    },
    services,
  );
  const standing = await services.experiments.readParticipation(context.key);
  if (standing?.replyDigest === reply.digest) await announce(context, standing, services, orchestrations);
}

function tooLate({ key }: ReplyContext): { slug: string; detail: string } {
  return { slug: 'late', detail: `Round ${key.round}, attempt ${key.attempt}, had stopped collecting.` };
}
