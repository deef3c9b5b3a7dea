/** Who may call what, and what the API makes of documents that are wrong: nothing here gets as far as a round. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../shared/contracts/problem.ts';
import type { RegistrationBody } from '../../shared/contracts/silo.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { jwkThumbprint, signBody } from '../../shared/sealing/signature.ts';
import { credentialFrom } from '../isolation/workload-credential.ts';
import { type CoordinatorUnderTest, type Speaker, startCoordinator } from './coordinator-under-test.ts';
import type { SiloUnderTest } from './silo-under-test.ts';
import { baseModel, sha256 } from './small-model.ts';

let coordinator: CoordinatorUnderTest;
let newcomer: SiloUnderTest;

beforeAll(async () => {
  coordinator = await startCoordinator(['north', 'south']);
  newcomer = await coordinator.makeSilo('east');
});
afterAll(async () => {
  await newcomer.close();
  await coordinator.close();
});

const goodSpec = {
  name: 'spec',
  silos: ['north', 'south'],
  rounds: 3,
  initialModel: { kind: 'init', silo: 'north' },
};

describe('roles', () => {
  const none = `exp-${'0'.repeat(26)}`;
  const readers = ['viewer', 'operator', 'admin'];
  const operators = ['operator', 'admin'];
  const routes: [string, string, readonly string[]][] = [
    ['POST', 'experiments', operators],
    ['GET', 'experiments', readers],
    ['GET', `experiments/${none}`, readers],
    ['GET', `experiments/${none}/rounds/1`, readers],
    ['POST', `experiments/${none}/cancel`, operators],
    ['POST', `experiments/${none}/suspend`, operators],
    ['POST', `experiments/${none}/resume`, operators],
    ['GET', `experiments/${none}/models`, readers],
    ['GET', `experiments/${none}/models/0`, readers],
    ['GET', `experiments/${none}/models/0/content`, readers],
    ['PUT', 'models/uploads/none', operators],
    ['POST', 'silos', [...operators, 'silo-north']],
    ['GET', 'silos', readers],
    ['POST', 'silos/none/admit', operators],
    ['POST', 'silos/none/disable', operators],
    ['POST', 'silos/none/revoke-key', ['admin']],
    ['POST', 'participations/none/model-link', []],
  ];
  const speakers: Speaker[] = [null, 'viewer', 'operator', 'admin', 'silo-north', 'coordinator'];

  it.each(routes)('%s %s is for those who hold the role', async (method, path, allowed) => {
    const statuses: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    for (const who of speakers) {
      const { status, body } = await coordinator.call<Problem>(who, method, path);
      const gate = status === 401 || status === 403 ? `${status} ${body.slug}` : 'let in';
      statuses[String(who)] = gate;
      expected[String(who)] =
        who === null ? '401 not-allowed' : allowed.includes(who) ? 'let in' : '403 not-allowed';
    }
    expect(statuses).toEqual(expected);
  });

  it('are not to be had with a token that is forged, foreign or malformed', async () => {
    const operator = `${coordinator.stack.dataDir}/environments/operator.env`;
    const { token } = await credentialFrom(operator).getToken('api://tributary').then(required);
    const vault = await credentialFrom(operator).getToken('https://vault.azure.net').then(required);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged: Record<string, string> = {
      'another audience': `Bearer ${vault.token}`,
      'changed claims': `Bearer ${header}.${encoded({ ...claims, roles: ['admin'] })}.${signature}`,
      'no algorithm': `Bearer ${encoded({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      'an HMAC': `Bearer ${encoded({ alg: 'HS256', typ: 'JWT' })}.${payload}.${signature}`,
      'a cut token': `Bearer ${token.slice(0, -20)}`,
      'no scheme': token,
      basic: 'Basic YTpi',
      empty: '',
    };
    for (const [name, authorization] of Object.entries(forged)) {
      const { status, headers, body } = await coordinator.call<Problem>(null, 'GET', 'experiments', {
        headers: { authorization },
      });
      expect([name, status, headers.get('www-authenticate')]).toEqual([name, 401, 'Bearer']);
      expect(JSON.stringify(body)).not.toContain(payload);
    }
  });
});

describe('an experiment that cannot be', () => {
  const policy = (roundPolicy: object) => ({ ...goodSpec, roundPolicy });
  it.each<[string, unknown, string, string, string?]>([
    ['a mistyped field', { ...goodSpec, roundz: 3 }, 'spec-unknown-field', 'roundz', 'rounds'],
    ['a mistyped field inside', policy({ qorum: 2 }), 'spec-unknown-field', 'roundPolicy.qorum', 'quorum'],
    ['a field like nothing known', { ...goodSpec, zzzzzz: 1 }, 'spec-unknown-field', 'zzzzzz'],
    ['a word for a number', { ...goodSpec, rounds: 'three' }, 'spec-invalid', 'rounds'],
    ['no rounds', { ...goodSpec, rounds: 0 }, 'spec-invalid', 'rounds'],
    ['no silos', { ...goodSpec, silos: [] }, 'spec-invalid', 'silos'],
    ['a silo twice', { ...goodSpec, silos: ['north', 'north'] }, 'spec-invalid', 'silos'],
    ['a silo id with a slash', { ...goodSpec, silos: ['north', '../b'] }, 'spec-invalid', 'silos.1'],
    ['a mistyped silo', { ...goodSpec, silos: ['north', 'sout'] }, 'silo-unknown', 'silos.1', 'south'],
    [
      'an initial silo that takes no part',
      { ...goodSpec, silos: ['south'] },
      'spec-invalid',
      'initialModel.silo',
    ],
    [
      'a model that was not uploaded',
      { ...goodSpec, initialModel: { kind: 'upload', sha256: 'a'.repeat(64) } },
      'spec-invalid',
      'initialModel.sha256',
    ],
    ['a quorum above the silos', policy({ quorum: 3 }), 'quorum-impossible', 'roundPolicy.quorum'],
    [
      'a quorum above the cohort',
      policy({ quorum: 2, cohort: { size: 1 } }),
      'quorum-impossible',
      'roundPolicy.quorum',
    ],
    [
      'a cohort above the silos',
      policy({ cohort: { size: 3 } }),
      'quorum-impossible',
      'roundPolicy.cohort.size',
    ],
    ['an end in the past', policy({ endBy: '2020-01-01T00:00:00Z' }), 'deadline-past', 'roundPolicy.endBy'],
    [
      'a privacy tier to come',
      { ...goodSpec, privacy: { tier: 'secagg' } },
      'privacy-tier-incompatible',
      'privacy.tier',
    ],
    [
      'a privacy tier of fantasy',
      { ...goodSpec, privacy: { tier: 'trust-me' } },
      'spec-invalid',
      'privacy.tier',
    ],
    [
      'a stop rule without an end',
      { ...goodSpec, stop: { metric: 'auc', mode: 'max' } },
      'spec-invalid',
      'stop',
    ],
    ['a list', [goodSpec], 'spec-invalid', ''],
    ['null', null, 'spec-invalid', ''],
  ])('is refused for %s, with slug, path and suggestion', async (_name, body, slug, path, suggestion) => {
    const answer = await coordinator.call<Problem>('operator', 'POST', 'experiments', { body });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ slug, type: `urn:tributary:problem:${slug}`, status: 400 });
    const fault = answer.body.errors?.find((error) => error.path === path);
    expect(fault).toBeDefined();
    expect(fault?.suggestion).toBe(suggestion);
  });

  it('is refused with every fault at once', async () => {
    const body = { ...goodSpec, rounds: -1, name: '', silos: 'north' };
    const answer = await coordinator.call<Problem>('operator', 'POST', 'experiments', { body });
    expect(answer.body.errors?.map(({ path }) => path).sort()).toEqual(['name', 'rounds', 'silos']);
  });

  it.each<[string, string, number, string]>([
    ['no body', '', 400, 'spec-invalid'],
    ['no JSON', '{"name":', 400, 'spec-invalid'],
    ['a key twice', '{"name":"a","name":"b"}', 400, 'spec-invalid'],
    ['__proto__', '{"__proto__":{"name":"a"}}', 400, 'spec-invalid'],
    ['deep nesting', '['.repeat(100_000), 400, 'spec-invalid'],
    ['half a surrogate pair', '{"name":"\\ud800"}', 400, 'spec-invalid'],
    ['more than a megabyte', `{"name":"${'x'.repeat(1_100_000)}"}`, 413, 'body-too-large'],
  ])('is refused where the body is %s', async (_name, raw, status, slug) => {
    const answer = await coordinator.call<Problem>('operator', 'POST', 'experiments', { raw });
    expect([answer.status, answer.body.slug]).toEqual([status, slug]);
  });

  it('leaves nothing behind', async () => {
    const { body } = await coordinator.call('viewer', 'GET', 'experiments');
    expect(body).toEqual({ experiments: [], next: null });
  });
});

describe('an upload', () => {
  const put = (name: string, raw: Uint8Array) =>
    coordinator.call<Problem>('operator', 'PUT', `models/uploads/${name}`, { raw: Uint8Array.from(raw) });

  it('has to be what its name says, canonical safetensors, and may be repeated', async () => {
    const garbage = Buffer.alloc(64, 0xff);
    const text = Buffer.from(
      `{"__metadata__":{"by":"me"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const foreignForm = Buffer.concat([length, text, Buffer.alloc(4)]);
    const slugs = async (name: string, raw: Uint8Array) => {
      const { status, body } = await put(name, raw);
      return [status, body.slug];
    };
    expect(await slugs('xyz', baseModel)).toEqual([400, 'spec-invalid']);
    expect(await slugs('a'.repeat(64), baseModel)).toEqual([400, 'spec-invalid']);
    expect(await slugs(sha256(garbage), garbage)).toEqual([400, 'tensor-header']);
    expect(await slugs(sha256(Buffer.alloc(0)), Buffer.alloc(0))).toEqual([400, 'tensor-header']);
    expect(await slugs(sha256(foreignForm), foreignForm)).toEqual([400, 'tensor-header']);
    for (let time = 0; time < 2; time++) {
      const { status, body } = await put(sha256(baseModel), baseModel);
      expect([status, body]).toEqual([
        201,
        { sha256: sha256(baseModel), bytes: baseModel.length, schema: expect.any(String) as string },
      ]);
    }
  });
});

describe('a silo in the roster', () => {
  const register = async (who: string, body: unknown) => {
    const answer = await coordinator.call<Problem & { status: unknown; version?: number }>(
      who,
      'POST',
      'silos',
      {
        body,
      },
    );
    return [answer.status, answer.body.slug ?? answer.body.status];
  };

  it('waits for an operator when it registers itself, and is not asked before', async () => {
    const document = await newcomer.registration();
    expect(await register('silo-north', document)).toEqual([403, 'not-allowed']);
    expect(await register('silo-east', document)).toEqual([201, 'pending']);
    expect(await register('silo-east', document)).toEqual([200, 'pending']);
    const spec = { ...goodSpec, silos: ['north', 'east'] };
    const early = await coordinator.call<Problem>('operator', 'POST', 'experiments', { body: spec });
    expect([early.status, early.body.slug]).toEqual([400, 'silo-unknown']);
    expect(early.body.errors?.[0]?.message).toContain('is not admitted');
    const admitted = await coordinator.call('operator', 'POST', 'silos/east/admit');
    expect(admitted).toMatchObject({ status: 200, body: { status: 'active', version: 2 } });
    expect((await coordinator.call('operator', 'POST', 'silos/nobody/admit')).status).toBe(404);
  });

  it('is refused with keys that do not fit or that it did not sign with', async () => {
    const { body, sig } = await newcomer.registration();
    const thumbprint = await newcomer.registration({ sig: { ...body.sig, jkt: 'A'.repeat(43) } });
    expect(await register('silo-east', thumbprint)).toEqual([400, 'spec-invalid']);
    expect(await register('silo-east', { body: { ...body, displayName: 'Else' }, sig })).toEqual([
      400,
      'signature-invalid',
    ]);
    expect(await register('silo-east', { body, sig: 'short' })).toEqual([400, 'spec-invalid']);
    expect(await register('silo-east', { body, sig, more: 1 })).toEqual([400, 'spec-invalid']);
  });

  it('changes its keys with the signature of the old one or by an admin, not otherwise', async () => {
    const first = await changedKey();
    const second = await changedKey();
    expect(await register('silo-east', { body: first.body, sig: first.sig })).toEqual([403, 'not-allowed']);
    expect(await register('operator', { body: first.body, sig: first.sig })).toEqual([403, 'not-allowed']);
    const stranger = await signBody('tributary/roster/1', first.body, coordinator.silo('south').keys.sign);
    expect(await register('silo-east', { ...first, previousSig: stranger })).toEqual([403, 'not-allowed']);

    const previousSig = await signBody('tributary/roster/1', first.body, newcomer.keys.sign);
    expect(await register('silo-east', { ...first, previousSig })).toEqual([200, 'active']);
    expect(await register('admin', second)).toEqual([200, 'active']);
    const { body } = await coordinator.call<{ silos: { silo: string; sig: { jkt: string } }[] }>(
      'viewer',
      'GET',
      'silos',
    );
    expect(body.silos.find(({ silo }) => silo === 'east')?.sig.jkt).toBe(second.body.sig.jkt);
  });

  /** The silo's registration with another signing key, signed by that key alone. */
  async function changedKey(): Promise<{ body: RegistrationBody; sig: string }> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const jwk = { kty: 'EC' as const, crv: 'P-256' as const, x, y };
    const { body } = await newcomer.registration({
      sig: { kid: 'https://127.0.0.1/keys/sig/2', jkt: jwkThumbprint(jwk), jwk },
    });

    const message = Buffer.from(`tributary/roster/1\0${canonicalJson(body)}`);
    const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return { body, sig: signature.toString('base64url') };
  }
});

function required<T>(value: T | null): T {
  if (value === null) throw new Error('nothing was given');
  return value;
}
