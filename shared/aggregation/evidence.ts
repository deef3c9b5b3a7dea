/**
 * The cosine of each update to the combined step, before the server's optimiser, over the float tensors that
 * strategies see. Null where it was not measured, or where an update or the step is zero. Sums run over columns in their order.
 */
export function cosines(sums: Float64Array, updates: number): (number | null)[] {
  const step = sums[2 * updates] ?? 0;
  return Array.from({ length: updates }, (_, i) => {
    const cosine = (sums[i] ?? 0) / Math.sqrt((sums[updates + i] ?? 0) * step);
    return Number.isFinite(cosine) ? Math.max(-1, Math.min(1, cosine)) : null;
  });
}

/** Adds a block's figures, column by column, to the sums so far. */
export function addPartials(sums: Float64Array, partials: Float64Array): void {
  for (let at = 0; at < partials.length; at += sums.length) {
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (partials[at + i] ?? 0);
  }
}
