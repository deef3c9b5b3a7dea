/**
 * The cosine of each update to the combined step, before the server's optimiser, over the float tensors that
 * strategies see. Null where it was not measured, or where an update or the step is zero. Sums run over columns in their order.
 */
export function cosines(sums: Float64Array, norms: readonly (number | null)[]): (number | null)[] {
  const step = Math.sqrt(Number(sums[norms.length]));
  return norms.map((norm, i) => {
    const product = Number(sums[i]);
    if (norm === null || norm === 0 || step === 0 || !Number.isFinite(step)) return null;
    return Math.max(-1, Math.min(1, product / norm / step));
  });
}

/** Adds a block's figures, column by column, to the sums so far. */
export function addPartials(sums: Float64Array, partials: Float64Array): void {
  for (let at = 0; at < partials.length; at += sums.length) {
    for (let i = 0; i < sums.length; i++) sums[i] = Number(sums[i]) + Number(partials[at + i]);
  }
}
