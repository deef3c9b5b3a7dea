export function seededRandom(seed: string): () => number;
export function shuffle<Items extends { length: number; [index: number]: unknown }>(
  items: Items,
  random: () => number,
): Items;
export function scramble(value: number): number;
