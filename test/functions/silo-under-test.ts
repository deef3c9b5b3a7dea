/** A silo without an agent: its own identity, queue, container and vault keys, and a test that may misuse them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import { ServiceBusClient } from '@azure/service-bus';
import { BlobServiceClient } from '@azure/storage-blob';
import { keyVaultKeys } from '../../agent/azure/key-vault-keys.ts';
import { systemClock } from '../../agent/clock.ts';
import type { SiloResources } from '../../local/cloud/start-cloud.ts';
import { type SealedReply, SUITE, type UpdateHeader } from '../../shared/contracts/manifest.ts';
import type { OutcomeBody } from '../../shared/contracts/outcome.ts';
import type { Plan } from '../../shared/contracts/plan.ts';
import type { PlainReply, PlainReplyBody } from '../../shared/contracts/reply.ts';
import type { Registration, RegistrationBody } from '../../shared/contracts/silo.ts';
import { blobContainers, paths, queues } from '../../shared/domain/resources.ts';
import { canonicalJson } from '../../shared/sealing/canonical-json.ts';
import { sealUpdate } from '../../shared/sealing/seal.ts';
import { bodyDigest, signBody } from '../../shared/sealing/signature.ts';
import { eventually } from './eventually.ts';

export interface Sealed {
  readonly reply: SealedReply;
  readonly ciphertext: Buffer;
}

export type SiloUnderTest = Awaited<ReturnType<typeof connectSilo>>;

export function connectSilo(resources: SiloResources, credential: TokenCredential) {
  const { silo } = resources;
  const keys = keyVaultKeys(
    { kek: resources.kek, sig: resources.sig, verifyChallenge: false },
    credential,
    systemClock,
  );
  const bus = new ServiceBusClient(resources.serviceBusNamespace, credential);
  const sender = bus.createSender(queues.updates);
  const container = new BlobServiceClient(resources.updatesAccountUrl, credential).getContainerClient(
    blobContainers.updates(silo),
  );
  const plans: Plan[] = [];
  const outcomes: OutcomeBody[] = [];
  const receiver = bus.createReceiver(queues.silo(silo));
  receiver.subscribe({
    async processMessage({ body }) {
      const message = body as { kind: 'plan'; plan: Plan } | { kind: 'outcome'; body: OutcomeBody };
      if (message.kind === 'plan') plans.push(message.plan);
      else outcomes.push(message.body);
    },
    processError: () => Promise.resolve(),
  });

  async function seal(
    plan: Plan,
    plaintext: Uint8Array,
    changes: Partial<UpdateHeader> = {},
  ): Promise<Sealed> {
    const [kek, sig] = [await keys.kek(), await keys.sig()];
    const written: Buffer[] = [];
    const reply = await sealUpdate({
      header: {
        v: 1,
        suite: SUITE,
        exp: plan.experiment,
        round: plan.round,
        attempt: plan.attempt,
        silo,
        plan: bodyDigest(plan),
        base: plan.base === null ? null : { ver: plan.base.version, sha256: plan.base.sha256 },
        schema: plan.schema ?? '0'.repeat(64),
        fmt: 'safetensors',
        len: plaintext.length,
        weight: 10,
        numExamples: 10,
        metrics: { accuracy: 0.5 },
        kek: { kid: kek.kid, jkt: kek.jkt },
        sig: { kid: sig.kid, jkt: sig.jkt },
        iat: 0,
        ...changes,
      },
      plaintext: once(plaintext),
      kekPublicJwk: kek.jwk,
      sign: keys.sign,
      write: async (chunk) => void written.push(Buffer.from(chunk)),
    });
    return { reply, ciphertext: Buffer.concat(written) };
  }

  /** Sends bytes to `updates` as they are; answers what the audit log calls them by. */
  const sendRaw = (bytes: Uint8Array): Promise<void> =>
    sender.sendMessages({ body: Buffer.from(bytes), contentType: 'application/json' });

  return {
    id: silo,
    resources,
    keys,
    plans,
    outcomes,
    seal,
    sendRaw,
    send: (body: unknown): Promise<void> => sendRaw(Buffer.from(canonicalJson(body))),
    async upload({ reply, ciphertext }: Sealed): Promise<void> {
      const { exp, round, attempt } = reply.m.h;
      await container
        .getBlockBlobClient(paths.update(exp, round, attempt, reply.m.ct256))
        .upload(ciphertext, ciphertext.length, { conditions: { ifNoneMatch: '*' } });
    },
    /** The same manifest with other members, signed by the silo itself. */
    async resign(reply: SealedReply, changes: Partial<SealedReply['m']>): Promise<SealedReply> {
      const m = { ...reply.m, ...changes };
      return { kind: 'submitted', m, sig: await signBody('tributary/update/1', m, keys.sign) };
    },
    async plainReply(body: PlainReplyBody): Promise<PlainReply> {
      return { kind: 'reply', body, sig: await signBody('tributary/reply/1', body, keys.sign) };
    },
    async plan(experiment: string, round: number, attempt = 1): Promise<Plan> {
      const find = () =>
        plans.find(
          (plan) => plan.experiment === experiment && plan.round === round && plan.attempt === attempt,
        );
      await eventually(() => find() !== undefined, `plan ${round}.${attempt} of ${experiment} at ${silo}`);
      const found = find();
      if (found === undefined) throw new Error('the plan went away');
      return found;
    },
    /** Outcomes of one reply, in order of arrival. */
    outcomesOf: (manifestDigest: string) =>
      outcomes.filter((body) => 'manifestDigest' in body && body.manifestDigest === manifestDigest),
    async registration(changes: Partial<RegistrationBody> = {}): Promise<Registration> {
      const body: RegistrationBody = {
        silo,
        displayName: silo,
        tenantId: resources.tenantId,
        objectId: resources.objectId,
        kek: await keys.kek(),
        sig: await keys.sig(),
        issuedAt: new Date().toISOString(),
        ...changes,
      };
      return { body, sig: await signBody('tributary/roster/1', body, keys.sign) };
    },
    async close(): Promise<void> {
      // Bounded: a client's close may never settle when its connection goes away meanwhile.
      await Promise.race([bus.close(), sleep(2_000)]);
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
