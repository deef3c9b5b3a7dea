import type { HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { SiloView } from '../../shared/contracts/api.ts';
import { faultsOf } from '../../shared/contracts/faults.ts';
import { thumbprint } from '../../shared/contracts/identifiers.ts';
import { type Registration, type RosterEntry, registration } from '../../shared/contracts/silo.ts';
import type { Services } from '../../shared/ports/services.ts';
import { jwkThumbprint, verifySignature } from '../../shared/sealing/signature.ts';
import { json, notFound, problem } from './answers.ts';
import { mayActAs } from './authentication.ts';
import type { Exchange, Handle } from './endpoint.ts';
import { readJson } from './read-body.ts';

/** How long keys that were replaced still count. */
const overlap = 86_400_000;

/** `GET /api/silos`. */
export const listSilos: Handle = async ({ services }) =>
  json(200, { silos: (await services.roster.list()).map(viewSilo) });

/**
 * `POST /api/silos`: a document that the silo signed with its own `sig` key. A new silo waits for an operator to admit
 * it, unless an operator registers it. Keys change only with the old key's signature or by an admin.
 */
export const registerSilo: Handle = async (exchange) => {
  const document = await readJson(exchange.request);
  const parsed = registration.safeParse(document);
  if (!parsed.success) {
    const faults = faultsOf(parsed.error, registration).map(({ unknownField: _, ...fault }) => fault);
    return problem(400, 'spec-invalid', 'The registration is not valid.', { errors: faults });
  }
  const refused = checkRegistration(parsed.data, exchange);
  if (refused !== undefined) return refused;
  return enter(parsed.data, exchange);
};

function checkRegistration({ body, sig }: Registration, { caller }: Exchange): HttpResponseInit | undefined {
  if (jwkThumbprint(body.sig.jwk) !== body.sig.jkt || jwkThumbprint(body.kek.jwk) !== body.kek.jkt) {
    return problem(400, 'spec-invalid', 'A thumbprint does not belong to its key (RFC 7638).');
  }
  if (!verifySignature('tributary/roster/1', body, sig, body.sig.jwk)) {
    return problem(400, 'signature-invalid', 'The registration is not signed by its own sig key.');
  }
  const own = caller.objectId === body.objectId && caller.tenantId === body.tenantId;
  if (!own && !mayActAs(caller, 'operator')) {
    return problem(403, 'not-allowed', 'A silo registers itself, or an operator does it.');
  }
  return undefined;
}

async function enter(
  { body, previousSig }: Registration,
  { caller, services }: Exchange,
): Promise<HttpResponseInit> {
  const now = new Date(services.clock.now()).toISOString();
  const { silo, displayName, contact, tenantId, objectId, kek, sig } = body;
  const described = {
    silo,
    displayName,
    tenantId,
    objectId,
    kek,
    sig,
    ...(contact === undefined ? {} : { contact }),
  };
  const present = await services.roster.read(silo);
  if (present === undefined) {
    const admitted = mayActAs(caller, 'operator');
    const entry: RosterEntry = {
      ...described,
      status: admitted ? 'active' : 'pending',
      version: 1,
      formerKeys: [],
      revoked: [],
      registeredAt: now,
      ...(admitted ? { admittedAt: now } : {}),
    };
    return put(entry, 201, services);
  }
  const sameKeys = present.kek.kid === kek.kid && present.sig.jkt === sig.jkt && present.kek.jkt === kek.jkt;
  if (sameKeys && present.objectId === objectId && present.tenantId === tenantId)
    return json(200, viewSilo(present));
  const signedByOld =
    previousSig !== undefined &&
    !present.revoked.includes(present.sig.jkt) &&
    verifySignature('tributary/roster/1', body, previousSig, present.sig.jwk);
  if (!signedByOld && !mayActAs(caller, 'admin')) {
    const detail =
      'Keys or identity of a silo change only with the signature of its present sig key, or by an admin.';
    return problem(403, 'not-allowed', detail);
  }
  const until = new Date(services.clock.now() + overlap).toISOString();
  const formerKeys = [{ kek: present.kek, sig: present.sig, until }, ...present.formerKeys].slice(0, 8);
  return put({ ...present, ...described, version: present.version + 1, formerKeys }, 200, services);
}

/** `POST /api/silos/{id}/admit` and `/disable`. */
function setStatus(status: 'active' | 'disabled'): Handle {
  return async ({ request, services }) => {
    const present = await services.roster.read(request.params['id'] ?? '');
    if (present === undefined) return notFound(`silo ${request.params['id']}`);
    if (present.status === status) return json(200, viewSilo(present));
    const admittedAt = present.admittedAt ?? new Date(services.clock.now()).toISOString();
    return put({ ...present, status, version: present.version + 1, admittedAt }, 200, services);
  };
}
export const admitSilo = setStatus('active');
export const disableSilo = setStatus('disabled');

const revocation = z.strictObject({ jkt: thumbprint.describe('RFC 7638 thumbprint of a key of this silo.') });

/**
 * `POST /api/silos/{id}/revoke-key`: from now on this key signs and wraps nothing that counts, overlap or not. It is not
 * taken back; the silo goes on with another key. Updates that a frozen set has taken are not affected.
 */
export const revokeSiloKey: Handle = async ({ request, caller, services }) => {
  const parsed = revocation.safeParse(await readJson(request));
  if (!parsed.success) {
    return problem(400, 'spec-invalid', 'The body must be {"jkt": "<thumbprint of a key>"}.');
  }
  const { jkt } = parsed.data;
  const present = await services.roster.read(request.params['id'] ?? '');
  if (present === undefined) return notFound(`silo ${request.params['id']}`);
  const known = [present, ...present.formerKeys].flatMap(({ kek, sig }) => [kek.jkt, sig.jkt]);
  if (!known.includes(jkt)) return notFound(`key ${jkt} of silo ${present.silo}`);
  if (present.revoked.includes(jkt)) return json(200, viewSilo(present));
  const now = new Date(services.clock.now()).toISOString();
  await services.audit.append({
    id: `revoked.${present.silo}.${jkt}`,
    experimentId: 'unknown',
    at: now,
    actor: caller.name,
    action: 'key-revoked',
    outcome: 'done',
    slug: null,
    detail: `${caller.name} revoked key ${jkt} of silo ${present.silo}`,
    participation: null,
    messageDigest: null,
  });
  const revoked = [...present.revoked, jkt];
  return put({ ...present, revoked, version: present.version + 1 }, 200, services);
};

async function put(entry: RosterEntry, status: number, services: Services): Promise<HttpResponseInit> {
  const result = await services.roster.put(entry);
  if (result === 'conflict')
    return problem(409, 'wrong-state', 'The roster entry changed in the meantime; try again.');
  return json(status, viewSilo(entry));
}

function viewSilo(entry: RosterEntry): SiloView {
  const { silo, displayName, status, version, kek, sig, revoked, registeredAt, admittedAt, contact } = entry;
  return {
    silo,
    displayName,
    status,
    version,
    kek: { kid: kek.kid, jkt: kek.jkt },
    sig: { kid: sig.kid, jkt: sig.jkt },
    revoked,
    registeredAt,
    admittedAt: admittedAt ?? null,
    contact: contact ?? null,
  };
}
