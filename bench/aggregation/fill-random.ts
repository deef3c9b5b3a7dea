import type { HeldDtype } from './held-updates.ts';

/** Fills with numbers between -1 and 1, or with any whole ones of 32 bits; the same for the same seed. */
export function fillRandom(bytes: Uint8Array, dtype: HeldDtype, seed: number): void {
  let state = (Math.imul(seed, 0x9e3779b1) | 1) >>> 0;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
  if (dtype === 'F16') {
    const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    for (let i = 0; i < halves.length; i++) {
      const bits = next() >>> 0;
      halves[i] = (bits & 0x83ff) | ((9 + ((bits >>> 16) % 6)) << 10);
    }
    return;
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let i = 0; i < words.length; i++) words[i] = next();
  if (dtype === 'U32') return;
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let i = 0; i < words.length; i++) floats[i] = (words[i] ?? 0) / 2 ** 31;
}
