import type { ServerResponse } from 'node:http';
import type { CosmosFailure } from './failure.ts';

export interface Answer {
  readonly status: number;
  /** JSON text; empty for none. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `activityId` is the client's own, echoed so that both sides' logs can be joined. */
export function sendAnswer(response: ServerResponse, answer: Answer, activityId: string | undefined): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    ...(answer.status === 304 || answer.status === 204
      ? {}
      : { 'content-length': String(Buffer.byteLength(answer.body)) }),
    'cache-control': 'no-store, no-cache',
    'x-ms-schemaversion': '1.18',
    'x-ms-serviceversion': 'version=embedded',
    ...(activityId !== undefined && /^[0-9a-fA-F-]{1,64}$/.test(activityId)
      ? { 'x-ms-activity-id': activityId }
      : {}),
    ...answer.headers,
  });
  response.end(answer.status === 304 || answer.status === 204 ? '' : answer.body);
}

export function failureAnswer({ status, code, message, substatus, headers }: CosmosFailure): Answer {
  return {
    status,
    body: JSON.stringify({ code, message }),
    headers: {
      'x-ms-request-charge': '0',
      ...(substatus === undefined ? {} : { 'x-ms-substatus': String(substatus) }),
      ...headers,
    },
  };
}
