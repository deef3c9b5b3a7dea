import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DiskFull, isOutOfSpace } from '../core/disk-full.ts';
import { BodyTooLarge, type HttpHandler } from '../core/http-service.ts';
import { authenticate } from './authenticate.ts';
import { BlobError } from './blob-error.ts';
import { parseBlobRequest } from './blob-request.ts';
import type { Authentication } from './caller.ts';
import type { Catalog } from './catalog.ts';
import type { ExtentStore } from './extent-store.ts';
import type { Reply } from './operation.ts';
import { findOperation, NEWEST_VERSION, route } from './route.ts';
import { textElement, xmlDocument } from './xml.ts';

export interface BlobHandlerOptions extends Authentication {
  readonly catalog: Catalog;
  readonly extents: ExtentStore;
  /** Without it a client that stops reading would hold an open file, and a deleted blob's bytes, for ever. */
  readonly idleTimeoutMs: number;
}

/** Answers one request: who is it, what does it mean, do it, write the answer in Azure's words. */
export function blobHandler(options: BlobHandlerOptions): HttpHandler {
  return async (message, response) => {
    response.setTimeout(options.idleTimeoutMs);
    let reply: Reply;
    try {
      const request = parseBlobRequest(message);
      const caller = await authenticate(request, options);
      const { catalog, extents, keys, now } = options;
      reply = await route(request).run({ request, message, caller, catalog, extents, keys, now });
    } catch (error) {
      const known = asBlobError(error);
      if (known === undefined) throw error;
      reply = errorReply(known);
    }
    try {
      await send(message, response, reply);
    } finally {
      reply.release?.();
    }
  };
}

/** Azure's name for what the request means, for fault rules. */
export function operationNameOf(message: IncomingMessage): string {
  try {
    return findOperation(parseBlobRequest(message))?.name ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

async function send(message: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const { body } = reply;
  const headers: Record<string, string> = {
    server: 'Tributary-Blob/1.0',
    'x-ms-request-id': randomUUID(),
    'x-ms-version': message.headers['x-ms-version']?.toString() ?? NEWEST_VERSION,
    ...clientRequestId(message),
    ...(typeof body === 'string'
      ? { 'content-type': 'application/xml', 'content-length': String(Buffer.byteLength(body)) }
      : {}),
    ...(body === undefined && reply.status !== 304 ? { 'content-length': '0' } : {}),
    ...reply.headers,
  };
  response.writeHead(reply.status, headers);
  if (body === undefined || typeof body === 'string')
    response.end(message.method === 'HEAD' ? undefined : body);
  else await sendStream(message, response, body);
  // What a refused client still sends is read away, so that the connection can carry its next request.
  message.resume();
}

async function sendStream(
  message: IncomingMessage,
  response: ServerResponse,
  body: AsyncIterable<Buffer>,
): Promise<void> {
  try {
    await pipeline(Readable.from(body, { objectMode: false }), response);
  } catch (error) {
    // A client that stops reading is its own business.
    if (!message.socket.destroyed) throw error;
  }
}

function clientRequestId(message: IncomingMessage): Record<string, string> {
  const id = message.headers['x-ms-client-request-id'];
  return typeof id === 'string' && /^[\x20-\x7e]{1,1024}$/.test(id) ? { 'x-ms-client-request-id': id } : {};
}

function errorReply(error: BlobError): Reply {
  const headers = { ...error.headers, 'x-ms-error-code': error.code };
  if (error.status === 304) return { status: 304, headers };
  const content = textElement('Code', error.code) + textElement('Message', error.message);
  return { status: error.status, headers, body: xmlDocument('Error', content) };
}

function asBlobError(error: unknown): BlobError | undefined {
  if (error instanceof BlobError) return error;
  if (error instanceof BodyTooLarge) {
    return new BlobError(413, 'RequestBodyTooLarge', 'The request body is too large.');
  }
  if (error instanceof DiskFull || isOutOfSpace(error)) {
    return new BlobError(503, 'ServerBusy', 'There is no room left on the disk.');
  }
  return undefined;
}
