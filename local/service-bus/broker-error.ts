import { DiskFull } from '../core/disk-full.ts';

/** An error that travels to the client as an AMQP error condition, with the HTTP-like status of request/response nodes. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly condition: string;
  readonly status: number;
  constructor(condition: string, description: string, status = 400) {
    super(description);
    this.condition = condition;
    this.status = status;
  }
}

export const lockLost = (): BrokerError =>
  new BrokerError(
    'com.microsoft:message-lock-lost',
    'The lock on this message has expired, or the message is no longer in the queue.',
    410,
  );

export const unauthorized = (right: string, address: string): BrokerError =>
  new BrokerError('amqp:unauthorized-access', `The right to ${right} is required on '${address}'.`, 401);

export const entityNotFound = (address: string): BrokerError =>
  new BrokerError('amqp:not-found', `The messaging entity '${address}' could not be found.`, 404);

export const notImplemented = (operation: string): BrokerError =>
  new BrokerError(
    'amqp:not-implemented',
    `The operation '${operation}' is not supported by this broker.`,
    501,
  );

/** What a client may learn of any failure: a full disk reads as an exhausted quota, a surprise shows no internals. */
export function asBrokerError(error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  if (error instanceof DiskFull) {
    return new BrokerError(
      'amqp:resource-limit-exceeded',
      'The broker has no room on disk for this change.',
      403,
    );
  }
  return new BrokerError('amqp:internal-error', 'The broker could not carry out the operation.', 500);
}
