import { describe, expect, it } from 'vitest';
import { permits } from '../../shared/aggregation/permits.ts';

describe('permits', () => {
  it('are had at once while there are any, and then in the order of asking as they are given back', async () => {
    const gate = permits(1);
    const order: string[] = [];
    await gate.take();
    const first = gate.take().then(() => order.push('first'));
    const second = gate.take().then(() => order.push('second'));
    await Promise.resolve();
    expect(order).toEqual([]);
    gate.give();
    await first;
    expect(order).toEqual(['first']);
    gate.give();
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  it('that are given back while nobody waits are kept', async () => {
    const gate = permits(0);
    gate.give();
    await gate.take();
    const waiting = gate.take();
    gate.give();
    await waiting;
  });

  it('end for everybody who waits, and for whoever asks later, with the first failure', async () => {
    const gate = permits(1);
    await gate.take();
    const waiting = [gate.take(), gate.take()];
    gate.fail(new Error('the disk is full'));
    gate.fail(new Error('and then the network went'));
    for (const taken of [...waiting, gate.take()]) await expect(taken).rejects.toThrow('the disk is full');
  });

  it('that are free are not had after a failure', async () => {
    const gate = permits(3);
    gate.fail(new Error('stopped'));
    await expect(gate.take()).rejects.toThrow('stopped');
  });
});
