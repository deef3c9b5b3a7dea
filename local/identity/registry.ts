/**
 * Who exists on this machine and what each may do: identities, the workloads that hold them, grants, app roles.
 *
 * A small file, replaced whole. A change is on disk before it takes effect and before its call resolves; changes run
 * one after another, so that none overwrites another's.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { DataAction, Grant } from '../../shared/domain/access.ts';
import { writeDurableFile } from '../core/durable-file.ts';

/** A record, so that the compiler asks for every action there is. */
const DATA_ACTIONS: Record<DataAction, true> = {
  'servicebus/send': true,
  'servicebus/receive': true,
  'blob/read': true,
  'blob/list': true,
  'blob/create': true,
  'blob/write': true,
  'blob/delete': true,
  'blob/delegate': true,
  'cosmos/read': true,
  'cosmos/write': true,
  'keys/read': true,
  'keys/sign': true,
  'keys/unwrap': true,
  'keys/manage': true,
};
const actionShape = z.custom<DataAction>(
  (value) => typeof value === 'string' && Object.hasOwn(DATA_ACTIONS, value),
);

const identityShape = z.object({
  name: z.string(),
  clientId: z.string(),
  objectId: z.string(),
  appRoles: z.array(z.string()),
  grants: z.array(z.object({ action: actionShape, scope: z.string() })),
});
const registryShape = z.object({
  tenantId: z.string(),
  identities: z.array(identityShape),
  workloads: z.array(z.object({ name: z.string(), header: z.string(), identities: z.array(z.string()) })),
});

export type RegisteredIdentity = z.infer<typeof identityShape>;
type RegistryState = z.infer<typeof registryShape>;

export interface Registry {
  readonly tenantId: string;
  readonly identities: () => readonly RegisteredIdentity[];
  readonly byObjectId: (objectId: string) => RegisteredIdentity | undefined;
  /** The identities that the workload with this header secret holds, its system one first. */
  readonly heldBy: (header: string) => readonly RegisteredIdentity[] | undefined;
  /** Makes the identity, or sets the app roles of the one that has this name. */
  readonly ensureIdentity: (wanted: WantedIdentity) => Promise<{ clientId: string; objectId: string }>;
  /** Makes the workload, or sets what the one of this name holds; its header secret never changes. */
  readonly ensureWorkload: (wanted: WantedWorkload) => Promise<{ header: string }>;
  /** Replaces the identity's grants; an empty list revokes all. In force when the call resolves. */
  readonly setGrants: (identityName: string, grants: readonly Grant[]) => Promise<void>;
}

interface WantedIdentity {
  readonly name: string;
  /** Roles on the product's API. */
  readonly appRoles?: readonly string[];
}

interface WantedWorkload {
  readonly name: string;
  /** Names of identities; the first is the system-assigned one. */
  readonly identities: readonly string[];
}

export async function openRegistry(directory: string, tenantId?: string): Promise<Registry> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'registry.json');
  const stored = await readState(path);
  let state: RegistryState = stored ?? { tenantId: tenantId ?? randomUUID(), identities: [], workloads: [] };
  if (tenantId !== undefined && state.tenantId !== tenantId) state = { ...state, tenantId };
  if (state !== stored) await writeDurableFile(path, JSON.stringify(state));

  let last: Promise<unknown> = Promise.resolve();
  function change(transition: (state: RegistryState) => RegistryState): Promise<RegistryState> {
    const done = last.then(async () => {
      const changed = transition(state);
      if (JSON.stringify(changed) !== JSON.stringify(state)) {
        await writeDurableFile(path, JSON.stringify(changed));
        state = changed;
      }
      return state;
    });
    last = done.catch(() => undefined);
    return done;
  }

  return {
    get tenantId() {
      return state.tenantId;
    },
    identities: () => state.identities,
    byObjectId: (objectId) => state.identities.find((identity) => identity.objectId === objectId),
    heldBy(header) {
      const workload = state.workloads.find((candidate) => candidate.header === header);
      return workload?.identities.map((name) => identityNamed(state, name));
    },
    async ensureIdentity({ name, appRoles = [] }) {
      const after = await change((before) => withIdentity(before, name, appRoles));
      const { clientId, objectId } = identityNamed(after, name);
      return { clientId, objectId };
    },
    async ensureWorkload({ name, identities }) {
      const after = await change((before) => withWorkload(before, name, identities));
      const workload = after.workloads.find((candidate) => candidate.name === name);
      if (workload === undefined) throw new Error(`workload ${name} went missing`);
      return { header: workload.header };
    },
    async setGrants(identityName, grants) {
      await change((before) => {
        const identity = identityNamed(before, identityName);
        const copies = grants.map(({ action, scope }) => ({ action, scope }));
        return replaceIdentity(before, { ...identity, grants: copies });
      });
    },
  };
}

async function readState(path: string): Promise<RegistryState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return registryShape.parse(JSON.parse(text));
  } catch {
    // Without the cause: it may quote the file, and the file holds the workloads' secrets.
    throw new Error(
      `${path} is not a registry of identities; restore it from a copy or remove it to start anew`,
    );
  }
}

function identityNamed(state: RegistryState, name: string): RegisteredIdentity {
  const identity = state.identities.find((candidate) => candidate.name === name);
  if (identity === undefined) throw new Error(`no identity is named ${name}`);
  return identity;
}

function replaceIdentity(state: RegistryState, identity: RegisteredIdentity): RegistryState {
  const identities = state.identities.map((one) => (one.name === identity.name ? identity : one));
  return { ...state, identities };
}

function withIdentity(state: RegistryState, name: string, appRoles: readonly string[]): RegistryState {
  const known = state.identities.find((identity) => identity.name === name);
  if (known !== undefined) return replaceIdentity(state, { ...known, appRoles: [...appRoles] });
  const added = { name, clientId: randomUUID(), objectId: randomUUID(), appRoles: [...appRoles], grants: [] };
  return { ...state, identities: [...state.identities, added] };
}

function withWorkload(state: RegistryState, name: string, identities: readonly string[]): RegistryState {
  if (identities.length === 0) throw new Error(`workload ${name} must hold at least one identity`);
  for (const identity of identities) identityNamed(state, identity);
  const known = state.workloads.find((workload) => workload.name === name);
  const header = known?.header ?? randomBytes(32).toString('hex');
  const others = state.workloads.filter((workload) => workload.name !== name);
  return { ...state, workloads: [...others, { name, header, identities: [...identities] }] };
}
