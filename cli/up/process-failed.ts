/** A process of the local stack could not start; the message says why and what to do. */
export class ProcessFailed extends Error {
  override readonly name = 'ProcessFailed';
}
