/**
 * Opening a sealed update, the way of its bytes: `checkManifest` when the reply arrives, `admitUpdate` once over the
 * blob, `openRanges` when the frozen set is aggregated. Each step only ever sees what the one before let through.
 */
export { admitUpdate } from './admit-update.ts';
export { checkManifest, parseSubmitted } from './check-manifest.ts';
export { openRanges, openSegments, segmentRange } from './open-segments.ts';
