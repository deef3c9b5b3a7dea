import { createDecipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { freeBuffer } from '../../shared/memory/free-buffer.ts';

describe('freeing a buffer', () => {
  it('takes its bytes away, again and again', async () => {
    for (let i = 0; i < 3; i++) {
      const bytes = new Uint8Array(1_000);
      freeBuffer(bytes);
      expect(bytes.buffer.byteLength).toBe(0);
      // Ports close in a later turn of the loop.
      await new Promise((done) => setTimeout(done, 5));
    }
  });

  it('works for what a decipher gives', () => {
    const decipher = createDecipheriv('aes-256-gcm', new Uint8Array(32), new Uint8Array(12));
    const plaintext = decipher.update(new Uint8Array(262_112));
    freeBuffer(plaintext);
    expect(plaintext.length).toBe(0);
  });

  it('leaves what shares its memory with others', () => {
    const whole = new Uint8Array(16).fill(7);
    freeBuffer(whole.subarray(4));
    expect(whole).toEqual(new Uint8Array(16).fill(7));
  });

  it('has nothing to do for an empty one', () => {
    expect(() => freeBuffer(new Uint8Array(0))).not.toThrow();
  });
});
