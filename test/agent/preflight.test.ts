import { expect, test } from 'vitest';
import { reasonOf, startLog } from '../../agent/log.ts';
import { preflight } from '../../agent/preflight.ts';
import { identityOf, registrationOf } from '../../agent/registration.ts';
import { rememberKeys } from '../../agent/remembered-keys.ts';
import { registrationBody } from '../../shared/contracts/silo.ts';
import { verifySignature } from '../../shared/sealing/signature.ts';
import { exampleModel, signer, startCoordinatorPeer } from './support/coordinator-peer.ts';
import { localKeys, startSiloPeer } from './support/silo-peer.ts';

async function silo() {
  const coordinator = await startCoordinatorPeer(exampleModel());
  return { coordinator, peer: await startSiloPeer(coordinator) };
}
const token = () => Promise.resolve('a-token');
const ids = { tid: '11111111-1111-4111-8111-111111111111', oid: '22222222-2222-4222-8222-222222222222' };
const accessToken = `x.${Buffer.from(JSON.stringify(ids)).toString('base64url')}.y`;

test('a silo that can take part passes every check', async () => {
  const { peer } = await silo();
  const results = await preflight(peer.config, peer.world, token);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect(results).toHaveLength(9);
});

test('each thing that is missing is named with its remedy, and the other checks go on', async () => {
  const { coordinator, peer } = await silo();
  coordinator.behaviour.thumbprint = signer().jkt;
  const broken = (reason: string) => () => Promise.reject(new Error(reason));
  const world = {
    ...peer.world,
    inbox: { ...peer.world.inbox, probe: broken('no such queue') },
    updates: { ...peer.world.updates, probe: broken('no such container') },
    keys: { ...peer.world.keys, kek: broken('forbidden'), sign: broken('forbidden') },
  };
  const config = {
    ...peer.config,
    workDirectory: `${peer.directory}/trainings.txt/work`,
    data: '/nowhere',
    training: { ...peer.config.training, command: ['no-such-program-here'] },
  };
  const results = await preflight(config, world, broken('no identity'));
  expect(results.filter(({ ok }) => ok)).toEqual([]);
  for (const { detail, mend } of results)
    expect([detail, mend ?? ''].every((text) => text.length > 5)).toBe(true);
  expect(results.find(({ check }) => check === 'coordinator')?.detail).toContain('not the pinned key');
});

test('a registration names the identity and both keys and is signed by the silo', async () => {
  const { peer } = await silo();
  const former = signer();
  const document = await registrationOf(peer.config, {
    keys: localKeys(),
    accessToken,
    now: 1_800_000_000_000,
  });
  const { sig } = registrationBody.parse(document.body);
  expect(document.body).toMatchObject({
    silo: 'hospital-a',
    displayName: 'hospital-a',
    tenantId: ids.tid,
    objectId: ids.oid,
    issuedAt: '2027-01-15T08:00:00.000Z',
  });
  expect(verifySignature('tributary/roster/1', document.body, document.sig, sig.jwk)).toBe(true);
  expect(verifySignature('tributary/roster/1', document.body, document.sig, former.jwk)).toBe(false);
  expect(document.previousSig).toBeUndefined();
});

test('a token that names nobody makes no registration', () => {
  for (const text of ['', 'x', 'x.y.z', `x.${Buffer.from('{}').toString('base64url')}.y`]) {
    expect(() => identityOf(text)).toThrow('no tenant and object id');
  }
});

test('a vault that answers another key for a version that was used before is refused', async () => {
  const { peer } = await silo();
  const keys = localKeys();
  const first = rememberKeys(keys, peer.config.workDirectory);
  await Promise.all([first.kek(), first.sig(), first.kek()]);
  const changed = { ...keys, sig: async () => ({ ...(await keys.sig()), jkt: 'B'.repeat(43) }) };
  const later = rememberKeys(changed, peer.config.workDirectory);
  await later.kek();
  await expect(later.sig()).rejects.toThrow('another key');
});

test('a log line is one line, whatever a trainer wrote, and a reason tells no link', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const plain = startLog({ json: false, now: () => 0, write });
  plain('info', 'training-failed', {
    stderr: 'one\n2030-01-01 info plan-received',
    silo: 'a',
    none: undefined,
  });
  expect(lines).toEqual([
    '1970-01-01T00:00:00.000Z info  training-failed stderr="one\\n2030-01-01 info plan-received" silo=a\n',
  ]);
  startLog({ json: true, now: () => 0, write })('warn', 'x', { n: 1 });
  expect(JSON.parse(lines[1] ?? '')).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    event: 'x',
    n: 1,
  });
  const error = new Error('GET https://blobs/x?sig=secret&se=1 failed\nstack', {
    cause: new Error('http://y/?t=secret'),
  });
  expect(reasonOf(error)).toBe('GET https://blobs/x?... failed (http://y/?...)');
  expect(reasonOf('text')).toBe('unknown error');
  expect(reasonOf(new AggregateError([new Error('first'), new Error('last')]))).toBe('last');
});
