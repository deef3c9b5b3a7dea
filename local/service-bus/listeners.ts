import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certPem: string; readonly keyPem: string };
  readonly onStream: (stream: Duplex) => void;
}

const HANDSHAKE_MS = 10_000;
const MAX_CONNECTIONS = 5_000;
const WEBSOCKET_PATH = '/$servicebus/websocket';

/** AMQP over TLS. A handshake that does not finish in time, or is none, ends that connection only. */
export async function listenAmqps(options: ListenerOptions): Promise<Listener> {
  const { certPem: cert, keyPem: key } = options.tls;
  const server = createTlsServer(
    { cert, key, handshakeTimeout: HANDSHAKE_MS, noDelay: true },
    options.onStream,
  );
  return listen(server, options);
}

/** AMQP over WebSocket, for networks that let only HTTPS out. */
export async function listenWebSocket(options: ListenerOptions): Promise<Listener> {
  const { certPem: cert, keyPem: key } = options.tls;
  const server = createHttpsServer({ cert, key, handshakeTimeout: HANDSHAKE_MS }, (_request, response) => {
    response.writeHead(404, { connection: 'close' }).end();
  });
  server.headersTimeout = HANDSHAKE_MS;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 1024 * 1024,
    perMessageDeflate: false,
    handleProtocols: () => 'AMQPWSB10',
  });
  sockets.on('wsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?')[0]?.toLowerCase();
    const offered = request.headers['sec-websocket-protocol'] ?? '';
    if (path !== WEBSOCKET_PATH || !/\bAMQPWSB10\b/i.test(offered)) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      options.onStream(createWebSocketStream(webSocket));
    });
  });
  return listen(server, options);
}

async function listen(server: Server, { host, port }: ListenerOptions): Promise<Listener> {
  const open = new Set<Duplex>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Duplex) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  });
  server.on('tlsClientError', (_error, socket: Duplex) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
