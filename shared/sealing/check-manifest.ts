/**
 * The cheap half of opening: everything that can be said about a `submitted` reply without its ciphertext. Checks
 * run from cheap to dear and each has its own slug; the first that fails is the answer.
 *
 * 1. Nothing here touches a vault or a blob, so a stranger costs at most one signature check.
 * 2. A refusal without `authentic` proves nothing about the silo it names: it goes to the audit log alone.
 */

import type { UpdateManifest } from '../contracts/manifest.ts';
import {
  MAX_MANIFEST_BYTES,
  type ReceivedReply,
  receivedReply,
  updateManifest,
} from '../contracts/manifest.ts';
import type { Plan } from '../contracts/plan.ts';
import { type Refusal, refuse, type UpdateSlug } from '../contracts/refusals.ts';
import type { RosterEntry } from '../contracts/silo.ts';
import { fromBase64url } from './base64url.ts';
import { parseStrictJson, StrictJsonError } from './canonical-json.ts';
import { ciphertextLength } from './floe.ts';
import { bodyDigest, verifySignature } from './signature.ts';

/** What the coordinator knows and the manifest has to agree with. */
export interface ManifestExpectations {
  /** The entry of the silo that the manifest names; undefined where it has none or was not asked this round. */
  readonly silo: Pick<RosterEntry, 'silo' | 'status' | 'kek' | 'sig' | 'formerKeys' | 'revoked'> | undefined;
  /** When the reply was received, epoch milliseconds: replaced keys count until their overlap ends. */
  readonly receivedAt: number;
  readonly plan: Pick<Plan, 'experiment' | 'round' | 'attempt' | 'base' | 'schema' | 'encoding' | 'limits'>;
  /** SHA-256 of the plan's canonical body. */
  readonly planDigest: string;
}

/** A manifest whose signature is the silo's. */
export interface AuthenticManifest {
  readonly manifest: UpdateManifest;
  /** SHA-256 of the canonical manifest, without the signature: the update's identity. */
  readonly manifestDigest: string;
}

/** `authentic` is there when the silo itself said what is refused, so it may be told. */
export type ManifestRefusal = Refusal<UpdateSlug> & {
  readonly authentic?: { readonly manifestDigest: string };
};

/** Size, strict JSON and shape; enough to look up whom it claims to be from, and nothing more. */
export function parseSubmitted(bytes: Uint8Array): { ok: true; reply: ReceivedReply } | Refusal<UpdateSlug> {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    return refuse(
      'manifest-too-large',
      `The reply has ${bytes.length} bytes; at most ${MAX_MANIFEST_BYTES} are read.`,
    );
  }
  let document: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    document = parseStrictJson(text, { maxDepth: 8, maxBytes: MAX_MANIFEST_BYTES });
  } catch (error) {
    const reason = error instanceof StrictJsonError ? error.message : 'not UTF-8';
    return refuse('manifest-invalid', `The reply is not strict JSON: ${reason}.`);
  }
  const parsed = receivedReply.safeParse(document);
  if (!parsed.success) {
    // Paths of ours only: an unknown key's name is the sender's text.
    const [issue] = parsed.error.issues;
    return refuse(
      'manifest-invalid',
      `The reply has ${issue?.code ?? 'a fault'} at /${issue?.path.slice(0, 4).join('/') ?? ''}.`,
    );
  }
  if (!fromBase64url(parsed.data.m.wk))
    return refuse('manifest-invalid', 'The wrapped key is not strict base64url.');
  return { ok: true, reply: parsed.data };
}

/** Checks a `submitted` reply, as received, against what the coordinator knows. */
export function checkManifest(
  bytes: Uint8Array,
  expected: ManifestExpectations,
): ({ readonly ok: true } & AuthenticManifest) | ManifestRefusal {
  const submitted = parseSubmitted(bytes);
  if (!submitted.ok) return submitted;
  const { m, sig } = submitted.reply;

  const keys = checkKeys(m.h, expected);
  if (!keys.ok) return keys;
  const misfit = checkContext(m.h, expected) ?? checkLength(m, expected);
  if (misfit) return misfit;
  if (!verifySignature('tributary/update/1', m, sig, keys.sig.jwk)) {
    return refuse('signature-invalid', `The manifest is not signed by key ${keys.sig.kid}.`);
  }

  const manifestDigest = bodyDigest(m);
  const { weightCap } = expected.plan.limits;
  const strict = updateManifest.safeParse(m);
  if (!strict.success || strict.data.h.weight > weightCap) {
    const detail = `The weight is not a whole number from 1 to ${weightCap}.`;
    return { ...refuse('weight-cap', detail), authentic: { manifestDigest } };
  }
  return { ok: true, manifest: strict.data, manifestDigest };
}

type Header = ReceivedReply['m']['h'];

function checkKeys(h: Header, { silo, receivedAt }: ManifestExpectations) {
  if (!silo || silo.status === 'pending') {
    return refuse('foreign-silo', `Silo ${h.silo} has no part in this round.`);
  }
  const present = { kek: silo.kek, sig: silo.sig, until: undefined };
  const pair = [present, ...silo.formerKeys].find(
    ({ kek, sig }) =>
      kek.kid === h.kek.kid && kek.jkt === h.kek.jkt && sig.kid === h.sig.kid && sig.jkt === h.sig.jkt,
  );
  if (!pair) return refuse('key-unknown', `The roster has other keys for silo ${silo.silo}.`);
  const revoked = silo.revoked.includes(h.kek.jkt) || silo.revoked.includes(h.sig.jkt);
  if (revoked || silo.status === 'disabled') {
    return refuse('key-revoked', `A key of silo ${silo.silo} is revoked.`);
  }
  if (pair.until !== undefined && receivedAt >= Date.parse(pair.until)) {
    return refuse('key-revoked', `The keys were replaced and counted until ${pair.until}.`);
  }
  return { ok: true as const, sig: pair.sig };
}

function checkContext(
  h: Header,
  { silo, plan, planDigest }: ManifestExpectations,
): Refusal<UpdateSlug> | undefined {
  if (h.exp !== plan.experiment) return refuse('context-experiment', `The update is for ${h.exp}.`);
  if (h.round !== plan.round) return refuse('context-round', `The update is for round ${h.round}.`);
  if (h.attempt !== plan.attempt) return refuse('context-attempt', `The update is for attempt ${h.attempt}.`);
  if (h.silo !== silo?.silo) return refuse('context-silo', `The update names silo ${h.silo}.`);
  if (h.plan !== planDigest) return refuse('context-plan', 'The update follows another plan.');
  if (h.base?.ver !== plan.base?.version || h.base?.sha256 !== plan.base?.sha256) {
    return refuse('context-base', 'The update starts from another base model.');
  }
  const schema = plan.encoding?.schema ?? plan.schema;
  if (schema !== null && h.schema !== schema) {
    return refuse('context-schema', 'The update is for a model with other tensors.');
  }
  return undefined;
}

/** The ciphertext's length follows from the plaintext's, and that from the plan: no bomb is ever downloaded. */
function checkLength(m: ReceivedReply['m'], { plan }: ManifestExpectations): Refusal<UpdateSlug> | undefined {
  if (m.ctLen !== ciphertextLength(m.h.len)) {
    return refuse(
      'length-formula',
      `A plaintext of ${m.h.len} bytes does not make a ciphertext of ${m.ctLen}.`,
    );
  }
  const bytes = plan.encoding?.bytes ?? plan.base?.bytes ?? m.h.len;
  if (m.h.len !== bytes) {
    return refuse('length-formula', `The update has ${m.h.len} bytes; those of its base make ${bytes}.`);
  }
  if (m.h.len > plan.limits.maxUpdateBytes) {
    return refuse(
      'length-formula',
      `The update has ${m.h.len} bytes; the plan allows ${plan.limits.maxUpdateBytes}.`,
    );
  }
  return undefined;
}
