/** A silo's part in a round: a made-up update of any size, sealed to a file and uploaded as the agent does it. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { blobUpdateContainer } from '../../agent/azure/blob-update-container.ts';
import { type SealedReply, SUITE } from '../../shared/contracts/manifest.ts';
import type { Plan } from '../../shared/contracts/plan.ts';
import { paths } from '../../shared/domain/resources.ts';
import { sealUpdate } from '../../shared/sealing/seal.ts';
import { bodyDigest } from '../../shared/sealing/signature.ts';
import { plaintextLength } from '../../shared/tensors/schema.ts';
import type { SiloUnderTest } from '../functions/silo-under-test.ts';
import { credentialFrom } from '../isolation/workload-credential.ts';
import { fileOf, schemaOf } from './model-pieces.ts';

/** @param seed of the update's numbers */
export async function playSilo(
  silo: SiloUnderTest,
  plan: Plan,
  update: { readonly elements: number; readonly seed: number; readonly weight: number },
  scratch: string,
): Promise<void> {
  const file = join(scratch, `${silo.id}.sealed`);
  const reply = await sealToFile(silo, plan, update, file);
  const { resources } = silo;
  const credential = credentialFrom(resources.environmentFile);
  const container = blobUpdateContainer(resources.updatesAccountUrl, silo.id, credential);
  const { exp, round, attempt } = reply.m.h;
  await container.create(
    paths.update(exp, round, attempt, reply.m.ct256),
    file,
    new AbortController().signal,
  );
  await rm(file);
  await silo.send(reply);
}

async function sealToFile(
  silo: SiloUnderTest,
  plan: Plan,
  { elements, seed, weight }: { readonly elements: number; readonly seed: number; readonly weight: number },
  file: string,
): Promise<SealedReply> {
  const [kek, sig] = [await silo.keys.kek(), await silo.keys.sig()];
  const target = createWriteStream(file);
  const { base, schema } = plan;
  if (base === null || schema === null) throw new Error('the plan names no base');
  const reply = await sealUpdate({
    header: {
      v: 1,
      suite: SUITE,
      exp: plan.experiment,
      round: plan.round,
      attempt: plan.attempt,
      silo: silo.id,
      plan: bodyDigest(plan),
      base: { ver: base.version, sha256: base.sha256 },
      schema,
      fmt: 'safetensors',
      len: plaintextLength(schemaOf(elements)),
      weight,
      numExamples: weight,
      metrics: {},
      kek: { kid: kek.kid, jkt: kek.jkt },
      sig: { kid: sig.kid, jkt: sig.jkt },
      iat: 0,
    },
    plaintext: fileOf(elements, seed),
    kekPublicJwk: kek.jwk,
    sign: silo.keys.sign,
    write: async (chunk) => {
      if (!target.write(Buffer.from(chunk))) await once(target, 'drain');
    },
  });
  target.end();
  await once(target, 'close');
  return reply;
}
