import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * Frees a buffer that is its memory's only owner, now rather than with some later collection; it has no bytes
 * afterwards. Opened segments are a buffer each, and some hundred of them would lie about until V8 collects: memory
 * that is neither small nor in the processor's cache.
 *
 * Giving it to a port that is closed frees it: it is detached all the same (HTML, "message port post message steps"),
 * and there is nobody who could receive it. Part of a larger memory, and what cannot be detached, is left to V8.
 */
export function freeBuffer(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.byteLength === 0 || bytes.byteLength !== bytes.buffer.byteLength) return;
  closed ??= closedPort();
  closed.postMessage(undefined, [bytes.buffer]);
}

let closed: MessagePort | undefined;

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.close();
  port2.close();
  return port1;
}
