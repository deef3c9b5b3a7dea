/**
 * Clipping: an update longer than the plan's norm cap is scaled down to it, float tensors only. It happens as the
 * update is sealed; the kept file stays as it was trained. What counts is the length of what arrives: rounded to the
 * tensors' own precision and, where the update is encoded, decoded again.
 */
import { type Refusal, refuse } from '../shared/contracts/refusals.ts';
import { type KeptUpdate, measureSent } from './sent-update.ts';

export interface Clipping {
  readonly ok: true;
  /** What float elements are multiplied by: 1 where nothing needs doing. */
  readonly factor: number;
  /** What encoding changes of what is left, relative to it; undefined where nothing is encoded. */
  readonly encodingError: number | undefined;
}

/**
 * Brings an update of length `norm` under `cap`. Rounding can leave it a hair above, so what arrives is measured, not
 * assumed. Refuses what the encoding has no numbers for.
 */
export async function clip(
  kept: KeptUpdate,
  norm: number,
  cap = Number.POSITIVE_INFINITY,
): Promise<Clipping | Refusal<'tensor-encoding'>> {
  const { encoding } = kept;
  if (encoding === undefined && norm <= cap) return { ok: true, factor: 1, encodingError: undefined };
  let factor = encoding === undefined ? cap / norm : 1;
  for (;;) {
    const { notFinite, norm: arriving, error } = await measureSent(kept, factor);
    if (notFinite === undefined && arriving <= cap) {
      return { ok: true, factor, encodingError: encoding === undefined ? undefined : error };
    }
    const clippable = factor === 1 && norm > cap;
    if (notFinite !== undefined && !clippable) return tooLarge(notFinite, encoding?.kind);
    if (factor < 1) factor *= 1 - 2 ** -10;
    else factor = cap / (Number.isFinite(arriving) ? arriving : norm);
  }
}

function tooLarge(name: string, kind = 'its dtype'): Refusal<'tensor-encoding'> {
  return refuse(
    'tensor-encoding',
    `Tensor ${JSON.stringify(name)} holds numbers too large for ${kind}. The encoding bf16 has the range of float32.`,
  );
}
