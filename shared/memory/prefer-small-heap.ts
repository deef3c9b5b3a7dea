import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 collect sooner rather than let its heap grow, to twice of what lives in it where streams leave much garbage. To
 * be called before the packages are loaded: set afterwards the flag did nothing. Node's documentation warns of flags that
 * are set once V8 runs; the alternative is the command line, which a Functions app does not have.
 */
export function preferSmallHeap(): void {
  setFlagsFromString('--optimize-for-size');
}
