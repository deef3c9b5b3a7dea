/**
 * How sums are formed: canonical silo order, whole weights, float64 accumulators, one final division. Recorded with
 * every frozen set and version: equal bytes are promised within a mode, not across modes.
 */
export const sumMode = 'canonical-f64/1';
