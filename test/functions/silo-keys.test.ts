/** How a silo changes its keys by itself, and how an admin takes a leaked key out of use. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiloView } from '../../shared/contracts/api.ts';
import { type SigningKey, signingJwk } from '../../shared/contracts/keys.ts';
import type { Registration } from '../../shared/contracts/silo.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { bodyDigest, jwkThumbprint, signBody } from '../../shared/sealing/signature.ts';
import { type CoordinatorUnderTest, startCoordinator } from './coordinator-under-test.ts';
import { eventually } from './eventually.ts';
import { hostileSpec } from './hostile-spec.ts';
import type { SiloUnderTest } from './silo-under-test.ts';
import { baseModel, sha256, smallModel } from './small-model.ts';

let coordinator: CoordinatorUnderTest;
let north: SiloUnderTest;
let south: SiloUnderTest;

beforeAll(async () => {
  coordinator = await startCoordinator(['north', 'south']);
  [north, south] = [coordinator.silo('north'), coordinator.silo('south')];
  await coordinator.call('operator', 'PUT', `models/uploads/${sha256(baseModel)}`, {
    raw: Uint8Array.from(baseModel),
  });
});
afterAll(() => coordinator.close());

/** A signing key that no vault holds, with what registers it. */
function newKey(silo: SiloUnderTest, version: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = signingJwk.parse({ crv, kty, x, y });
  const { sig } = silo.resources;
  const kid = `${sig.slice(0, sig.lastIndexOf('/'))}/${version}`;
  const key: SigningKey = { kid, jkt: jwkThumbprint(jwk), jwk };
  const signRoster = (body: unknown): string => {
    const message = Buffer.from(`tributary/roster/1\0${canonicalJson(body)}`);
    return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  };
  return { key, signRoster };
}

/** A registration with another `sig` key, signed by it; also by the present one unless that is left out. */
async function change(silo: SiloUnderTest, version: string, signedByPresent: boolean): Promise<Registration> {
  const { key, signRoster } = newKey(silo, version);
  const { body } = await silo.registration({ sig: key });
  const previousSig = await signBody('tributary/roster/1', body, silo.keys.sign);
  return { body, sig: signRoster(body), ...(signedByPresent ? { previousSig } : {}) };
}

const register = (who: string, body: Registration) =>
  coordinator.call<SiloView>(who, 'POST', 'silos', { body });
const revoke = (who: string, silo: string, jkt: unknown) =>
  coordinator.call<SiloView>(who, 'POST', `silos/${silo}/revoke-key`, { body: { jkt } });

it('a silo changes its keys with the signature of the key before, and not without it', async () => {
  const alone = await register('silo-north', await change(north, 'a1', false));
  expect(alone).toMatchObject({ status: 403, body: { slug: 'not-allowed' } });

  const document = await change(north, 'a2', true);
  const changed = await register('silo-north', document);
  expect(changed).toMatchObject({ status: 200, body: { version: 2, sig: { kid: document.body.sig.kid } } });
});

it("the key before signs updates until its day is over, and nothing from an admin's revocation on", async () => {
  const before = (await south.keys.sig()).jkt;
  const document = await change(south, 'b1', true);
  expect((await register('silo-south', document)).status).toBe(200);

  const spec = hostileSpec(['south'], { maxAttempts: 1 });
  const first = await coordinator.create({ ...spec, rounds: 1 });
  const sealed = await south.seal(await south.plan(first, 1), smallModel([1, 1, 1, 1, 1]));
  await south.upload(sealed);
  await south.send(sealed.reply);
  expect((await coordinator.ended(first)).status).toBe('completed');

  const revoked = await revoke('admin', 'south', before);
  expect(revoked).toMatchObject({ status: 200, body: { version: 3, revoked: [before] } });
  expect((await revoke('admin', 'south', before)).body.version).toBe(3);

  const second = await coordinator.create({ ...spec, rounds: 1 });
  const { reply } = await south.seal(await south.plan(second, 1), smallModel([1, 1, 1, 1, 1]));
  await south.send(reply);
  const digest = sha256(Buffer.from(canonicalJson(reply)));
  const entry = async () =>
    (await coordinator.audit(second)).find(({ messageDigest }) => messageDigest === digest);
  await eventually(async () => (await entry()) !== undefined, 'the refusal in the audit log');
  expect((await entry())?.slug).toBe('key-revoked');
  expect(south.outcomesOf(bodyDigest(reply.m))).toEqual([]);
  await coordinator.call('operator', 'POST', `experiments/${second}/cancel`);
});

it('a revoked key does not sign for the next one either', async () => {
  const [present] = (await coordinator.call<{ silos: SiloView[] }>('viewer', 'GET', 'silos')).body.silos;
  if (present?.silo !== 'north') throw new Error('the roster is sorted by silo');
  // The vault's key is the former one here; as an admin, make it the present one again.
  expect((await register('admin', await north.registration())).status).toBe(200);
  expect((await revoke('admin', 'north', (await north.keys.sig()).jkt)).status).toBe(200);
  const next = await register('silo-north', await change(north, 'a3', true));
  expect(next).toMatchObject({ status: 403, body: { slug: 'not-allowed' } });
});

it('a revocation names a key that the silo has or had, and is in the audit log', async () => {
  expect((await revoke('admin', 'north', 'A'.repeat(43))).status).toBe(404);
  expect((await revoke('admin', 'nobody', 'A'.repeat(43))).status).toBe(404);
  expect(await revoke('admin', 'north', 'short')).toMatchObject({
    status: 400,
    body: { slug: 'spec-invalid' },
  });
  const entries = await coordinator.audit('unknown');
  expect(entries.filter(({ action }) => action === 'key-revoked')).toHaveLength(2);
});
