/** A coordinator small enough to read: signs plans and outcomes, hands out one model over HTTP with ranges. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { OutcomeBody } from '../../../shared/contracts/outcome.ts';
import type { Plan } from '../../../shared/contracts/plan.ts';
import { canonicalJson } from '../../../shared/sealing/canonical-json.ts';
import { jwkThumbprint, type SignatureLabel } from '../../../shared/sealing/signature.ts';
import { schemaDigest, writeSafetensors } from '../../../shared/tensors/safetensors.ts';

export const EXPERIMENT = 'exp-01arz3ndektsv4rrffq69g5fav';
export const OTHER_EXPERIMENT = 'exp-01arz3ndektsv4rrffq69g5faw';
export const DIGEST = 'a'.repeat(64);

export function signer() {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = pair.publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC' as const, crv: 'P-256' as const, x, y };
  return {
    jwk,
    jkt: jwkThumbprint(jwk),
    sign(label: SignatureLabel, body: unknown): string {
      const message = Buffer.from(`${label}\0${canonicalJson(body)}`);
      return sign('sha256', message, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString(
        'base64url',
      );
    },
  };
}

/** A model of two float tensors and a counter. */
export function exampleModel(fill = 1) {
  const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  return writeSafetensors([
    { name: 'weights', dtype: 'F32', shape: [2, 2], data: floats([fill, fill + 1, fill + 2, fill + 3]) },
    { name: 'bias', dtype: 'F32', shape: [], data: floats([fill / 2]) },
    { name: 'steps', dtype: 'I64', shape: [1], data: new Uint8Array(BigInt64Array.from([7n]).buffer) },
  ]);
}
export const EXAMPLE_SCHEMA = [
  { name: 'weights', dtype: 'F32' as const, shape: [2, 2] },
  { name: 'bias', dtype: 'F32' as const, shape: [] },
  { name: 'steps', dtype: 'I64' as const, shape: [1] },
];

export function planFor(model: Buffer | null, changes: Partial<Plan> = {}): Plan {
  const base = model && {
    version: 0,
    sha256: createHash('sha256').update(model).digest('hex'),
    bytes: model.length,
  };
  return {
    kind: model === null ? 'init' : 'train',
    experiment: EXPERIMENT,
    experimentName: 'spam',
    round: model === null ? 0 : 1,
    totalRounds: 5,
    attempt: 1,
    nonce: randomBytes(16).toString('base64url'),
    rosterDigest: DIGEST,
    cohortDigest: DIGEST,
    cohortSize: 3,
    base,
    schema: model === null ? null : schemaDigest(EXAMPLE_SCHEMA),
    deadline: new Date(Date.now() + 600_000).toISOString(),
    task: { config: { step: 0.5 }, seed: 42, metrics: [] },
    limits: { maxUpdateBytes: 1_000_000, weightCap: 1_000 },
    policy: { tier: 'sealed' },
    ...changes,
  };
}

export interface CoordinatorPeer {
  readonly url: string;
  readonly jkt: string;
  plan(plan: Plan): unknown;
  outcome(body: OutcomeBody): unknown;
  /** What the next answers are; requests are counted. */
  readonly behaviour: {
    link: number;
    model: Buffer;
    secondsLeft: number;
    /** Cut the connection after so many bytes, once per entry. */
    cuts: number[];
    ignoreRanges: boolean;
    /** Accept the request for the model and say nothing. */
    silent: boolean;
    thumbprint: string | null;
  };
  readonly seen: { links: number; authorizations: string[]; ranges: string[] };
}

export async function startCoordinatorPeer(model = exampleModel()): Promise<CoordinatorPeer> {
  const key = signer();
  const behaviour: CoordinatorPeer['behaviour'] = {
    link: 200,
    model,
    secondsLeft: 600,
    cuts: [],
    ignoreRanges: false,
    silent: false,
    thumbprint: key.jkt,
  };
  const seen: CoordinatorPeer['seen'] = { links: 0, authorizations: [], ranges: [] };
  const server = createServer((request, response) => {
    if (request.url === '/api/health') {
      const { thumbprint } = behaviour;
      const body = { status: 'ok', version: '1', planSigningThumbprint: thumbprint, checks: {} };
      return answer(response, 200, body);
    }
    if (request.url?.endsWith('/model-link')) {
      seen.links += 1;
      seen.authorizations.push(request.headers.authorization ?? '');
      if (behaviour.link !== 200) return answer(response, behaviour.link, {});
      const { secondsLeft } = behaviour;
      const body = { url: `${url}/model?sig=secret`, sha256: DIGEST, bytes: 1, secondsLeft };
      return answer(response, 200, body);
    }
    if (request.url?.startsWith('/model')) return serveModel(request.headers.range, response);
    answer(response, 404, {});
  });

  function serveModel(range: string | undefined, response: ServerResponse): void {
    seen.ranges.push(range ?? 'all');
    if (behaviour.silent) return;
    const from = behaviour.ignoreRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const rest = behaviour.model.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length });
    const cut = behaviour.cuts.shift();
    if (cut === undefined) return void response.end(rest);
    response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url,
    jkt: key.jkt,
    behaviour,
    seen,
    plan: (plan) => ({ kind: 'plan', plan, key: key.jwk, sig: key.sign('tributary/plan/1', plan) }),
    outcome: (body) => ({ kind: 'outcome', body, key: key.jwk, sig: key.sign('tributary/outcome/1', body) }),
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
