import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FaultPlan } from './faults.ts';
import { BodyTooLarge } from './http-body.ts';
import { withFaults } from './http-faults.ts';

export { BodyTooLarge, readBody } from './http-body.ts';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServiceOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Served over TLS when given. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Default 32 KiB: a token and a long list of metadata headers fit. */
  readonly maxHeaderBytes?: number;
  /** Milliseconds a client has for sending its headers. Default 15 s. */
  readonly headersTimeoutMs?: number;
  readonly handle: HttpHandler;
  /** Faults for tests: which service this is, and how its rules name a request. */
  readonly faults?: {
    readonly plan: FaultPlan;
    readonly service: string;
    readonly operationOf: (request: IncomingMessage) => string;
  };
  /** Told about errors that became a 500. Default: name and stack on stderr. */
  readonly report?: (error: unknown) => void;
}

export interface HttpService {
  readonly port: number;
  /** Refuses new connections, gives running requests two seconds, then cuts them. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 2000;

/** Serves `handle` and outlives whatever clients send: garbage, half-open connections, slow headers, early leaves. */
export async function startHttpService(options: HttpServiceOptions): Promise<HttpService> {
  const { tls, report = reportToStderr } = options;
  const handle = options.faults === undefined ? options.handle : withFaults(options.handle, options.faults);
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that leaves makes these emit; the handler learns of it where it reads or writes.
    request.on('error', ignore);
    response.on('error', ignore);
    handle(request, response).catch((error: unknown) => answerFailure(request, response, error, report));
  };
  const limits = {
    maxHeaderSize: options.maxHeaderBytes ?? 32 * 1024,
    headersTimeout: options.headersTimeoutMs ?? 15_000,
    connectionsCheckingInterval: Math.min(5000, options.headersTimeoutMs ?? 5000),
    requestTimeout: 600_000,
    // Longer than the SDK clients' pools keep a connection, so that they never write into one just closed here.
    keepAliveTimeout: 120_000,
  };
  const server: Server =
    tls === undefined
      ? createServer(limits, listener)
      : createTlsServer(
          { ...limits, cert: tls.certPem, key: tls.keyPem, handshakeTimeout: 15_000 },
          listener,
        );
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  server.on('connection', (socket: Socket) => {
    socket.on('error', ignore);
    socket.setNoDelay(true);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', report);
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Again and again: a connection kept alive becomes idle only when its running request has been answered.
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

function answerFailure(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  report: (error: unknown) => void,
): void {
  const clientLeft = request.destroyed && !request.complete;
  if (!(error instanceof BodyTooLarge) && !clientLeft) report(error);
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // The rest of the body was not read, so the connection cannot carry another request.
  const headers = { connection: 'close', 'content-length': '0' };
  response.writeHead(error instanceof BodyTooLarge ? 413 : 500, headers).end();
}

/** Writes name and stack of an unexpected error to stderr. */
export function reportToStderr(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.name) : 'unknown error'}\n`);
}

function ignore(): void {}
