/** Seals a kept update under a plan. Next reader: the coordinator's admission, by shared/sealing/open.ts. */
import { ENCODING_ERROR } from '../shared/contracts/encoding.ts';
import { type SealedReply, SUITE, type UpdateHeader } from '../shared/contracts/manifest.ts';
import { type Refusal, refuse } from '../shared/contracts/refusals.ts';
import { MAX_METRICS } from '../shared/contracts/reply.ts';
import { sealUpdate } from '../shared/sealing/seal.ts';
import { verifySignature } from '../shared/sealing/signature.ts';
import { plaintextLength, schemaDigest } from '../shared/tensors/safetensors.ts';
import { clip } from './clip.ts';
import { produceFile } from './durable-file.ts';
import type { JournalEntry } from './journal-entry.ts';
import { type KeptResult, readResult, updateFile } from './kept-result.ts';
import type { Log } from './log.ts';
import { wantedMetrics } from './plain-reply.ts';
import type { SiloKeys } from './ports.ts';
import { sentSchema, sentUpdate } from './sent-update.ts';
import { trainingKey } from './training-key.ts';
import { sealedFile, type WorkDirectory } from './work-directory.ts';

/**
 * Writes the sealed bytes to disk and answers the signed reply. Each call makes other bytes: the caller journals the
 * first reply and sends that one. Refuses what the plan's encoding cannot hold, which no repetition changes.
 */
export async function sealTask(options: {
  entry: JournalEntry;
  silo: string;
  work: WorkDirectory;
  keys: SiloKeys;
  now: number;
  log: Log;
}): Promise<{ readonly ok: true; readonly reply: SealedReply } | Refusal<'tensor-encoding'>> {
  const { entry, silo, work, keys, log } = options;
  const { plan, participation } = entry;
  const key = trainingKey(plan);
  const result = await readResult(work.updates, key);
  if (!result?.update) throw new Error('there is no update to seal');
  const { schema, norm } = result.update;
  const kept = { file: updateFile(work.updates, key), schema, encoding: plan.encoding?.as };
  const sent = sentSchema(kept);
  const bytes = plaintextLength(sent);
  const digest = schemaDigest(sent);
  if (plan.encoding !== undefined && plan.encoding.schema !== digest) {
    return refuse('tensor-encoding', 'The coordinator encodes the tensors in another way than this agent.');
  }
  // A first model is no difference from anything: its length means nothing.
  const cap = plan.kind === 'init' ? undefined : plan.limits.normCap;
  const clipped = await clip(kept, norm, cap);
  if (!clipped.ok) return clipped;
  const { factor, encodingError } = clipped;
  if (factor !== 1) log('info', 'update-clipped', { participation, norm, cap });
  if (encodingError !== undefined) {
    log('info', 'update-encoded', { participation, encoding: kept.encoding?.kind, bytes, encodingError });
  }

  const kek = await keys.kek();
  const sig = await keys.sig();
  const header: UpdateHeader = {
    v: 1,
    suite: SUITE,
    exp: plan.experiment,
    round: plan.round,
    attempt: plan.attempt,
    silo,
    plan: entry.planDigest,
    base: plan.base === null ? null : { ver: plan.base.version, sha256: plan.base.sha256 },
    schema: digest,
    fmt: 'safetensors',
    len: bytes,
    weight: Math.max(1, Math.min(result.numExamples, plan.limits.weightCap)),
    numExamples: result.numExamples,
    metrics: withError(wantedMetrics(result.metrics, plan), encodingError),
    kek: { kid: kek.kid, jkt: kek.jkt },
    sig: { kid: sig.kid, jkt: sig.jkt },
    iat: Math.max(0, Math.floor(options.now / 1_000)),
  };
  const reply = await produceFile(sealedFile(work, participation), (write) =>
    sealUpdate({
      header,
      plaintext: sentUpdate(kept, factor),
      kekPublicJwk: kek.jwk,
      sign: keys.sign,
      write,
    }),
  );
  if (!verifySignature('tributary/update/1', reply.m, reply.sig, sig.jwk)) {
    throw new Error("the vault's signature does not fit the silo's public key");
  }
  return { ok: true, reply };
}

/** Operations see what encoding costs, unless training code has used up all metrics. */
function withError(metrics: KeptResult['metrics'], error: number | undefined): KeptResult['metrics'] {
  const { [ENCODING_ERROR]: _, ...others } = metrics;
  if (error === undefined || Object.keys(others).length >= MAX_METRICS) return metrics;
  return { ...others, [ENCODING_ERROR]: error };
}

/** Where the sealed bytes go in container `updates-{silo}`. */
export function uploadPath({ m }: SealedReply): string {
  return `${m.h.exp}/r${m.h.round}/a${m.h.attempt}/${m.ct256}`;
}
