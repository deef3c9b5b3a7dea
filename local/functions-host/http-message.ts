/** HTTP requests and responses in the form that `@azure/functions` reads and writes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypedData } from './typed-data.ts';

export function toRpcRequest(
  request: IncomingMessage,
  url: URL,
  parameters: Readonly<Record<string, string>>,
  body: Buffer,
): TypedData {
  const nullable = (entries: [string, string][]) =>
    Object.fromEntries(entries.map(([name, value]) => [name, { value }]));
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.push([name, Array.isArray(value) ? value.join(', ') : value]);
  }
  return {
    http: {
      method: request.method ?? 'GET',
      url: url.href, // carries the query, with repeated names
      nullableHeaders: nullable(headers),
      nullableParams: nullable(Object.entries(parameters)),
      ...(body.length > 0 ? { body: { bytes: body } } : {}),
    },
  };
}

interface RpcCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value?: string };
  readonly path?: { readonly value?: string };
  readonly expires?: { readonly value?: { readonly seconds?: number } };
  readonly secure?: { readonly value?: boolean };
  readonly httpOnly?: { readonly value?: boolean };
  readonly maxAge?: { readonly value?: number };
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
}

interface RpcHttpResponse {
  readonly statusCode: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly RpcCookie[];
  readonly body?: TypedData | null;
}

const sameSite = { lax: 'Lax', strict: 'Strict', explicitNone: 'None' } as const;

function setCookie(cookie: RpcCookie): string {
  const expires = cookie.expires?.value?.seconds;
  return [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    cookie.domain?.value && `Domain=${cookie.domain.value}`,
    cookie.path?.value && `Path=${cookie.path.value}`,
    expires !== undefined && `Expires=${new Date(expires * 1_000).toUTCString()}`,
    cookie.maxAge?.value !== undefined && `Max-Age=${cookie.maxAge.value}`,
    cookie.secure?.value && 'Secure',
    cookie.httpOnly?.value && 'HttpOnly',
    cookie.sameSite && cookie.sameSite !== 'none' && `SameSite=${sameSite[cookie.sameSite]}`,
  ]
    .filter(Boolean)
    .join('; ');
}

/** The host frames the message itself. */
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

const withoutBody = (status: number): boolean => status === 204 || status === 304;

/** A function that returns nothing answers 204. */
export function writeRpcResponse(response: ServerResponse, value: TypedData | null, head: boolean): void {
  const http = value?.http as RpcHttpResponse | undefined;
  if (http === undefined) {
    writeEmpty(response, 204);
    return;
  }
  const status = Number(http.statusCode);
  const headers: Record<string, string | string[]> = {};
  for (const [name, text] of Object.entries(http.headers ?? {})) {
    if (!ownHeaders.has(name.toLowerCase())) headers[name] = text;
  }
  if (http.cookies && http.cookies.length > 0) headers['set-cookie'] = http.cookies.map(setCookie);
  const body = http.body?.bytes ?? Buffer.from(http.body?.string ?? '');
  if (!withoutBody(status)) headers['content-length'] = String(body.length);
  response.writeHead(status, headers);
  if (head || withoutBody(status)) response.end();
  else response.end(body);
}

export function writeEmpty(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, withoutBody(status) ? headers : { ...headers, 'content-length': '0' });
  response.end();
}

export function writeJson(
  response: ServerResponse,
  status: number,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(json));
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
  });
  response.end(body);
}
