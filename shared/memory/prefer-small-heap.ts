import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 collect sooner rather than let its heap grow: to twice of what lives in it, where there is garbage of streams
 * enough. To be called before anything large is loaded. V8 reads this flag at every collection, so it may be set late.
 */
export function preferSmallHeap(): void {
  setFlagsFromString('--optimize-for-size');
}
