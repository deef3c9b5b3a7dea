/** One vault: its keys and every operation on them, without HTTP and without access decisions. */
import { join } from 'node:path';
import { type KeyCrypto, keyCrypto } from './key-crypto.ts';
import {
  createVersion,
  deletedKey,
  importVersion,
  type LifecycleContext,
  materialLabel,
  recoveredKey,
  requireDeleted,
  requireLive,
  rotatedVersion,
  updatedVersion,
} from './key-lifecycle.ts';
import { type KeyRecord, type KeyVersion, latestVersion } from './key-record.ts';
import {
  deletedBundle,
  deletedItem,
  keyBundle,
  keyId,
  keyItem,
  rotationPolicyView,
  versionItem,
} from './key-representation.ts';
import { openKeyStore } from './key-store.ts';
import { requireUsable, useKey } from './key-use.ts';
import { listPage } from './list-page.ts';
import type { Target } from './operation.ts';
import { loadMaterialSeal } from './private-material.ts';
import {
  type CreateBody,
  createBodyShape,
  importBodyShape,
  parseBody,
  updateBodyShape,
} from './request-body.ts';
import { rotationPolicyBodyShape } from './rotation-policy.ts';
import { isDueForRotation } from './rotation-schedule.ts';
import type { SigningThread } from './signing-thread.ts';
import { forbidden, keyNotFound, unsupported } from './vault-error.ts';

export interface Vault {
  /** The key's name as it was made, for scopes; as given when there is none. */
  nameOf(name: string): string;
  /** The latest version of the key, made when there is no such key. */
  ensure(name: string, wanted: CreateBody): Promise<{ kid: string; version: KeyVersion }>;
  /** Rotates the keys whose policy asks for it by now; gives `name/version` of the new versions. */
  rotateDue(): Promise<string[]>;
  /** Runs the operation; throws VaultError. `url` is the request's, for lists. */
  run(target: Target, url: URL, body: Buffer): Promise<object>;
}

/** `baseUrl` stands in every key id, so it must not change while anybody holds one. */
export async function openVault(
  directory: string,
  baseUrl: string,
  now: () => number,
  signing: SigningThread,
): Promise<Vault> {
  const seconds = () => Math.floor(now() / 1000);
  const store = await openKeyStore(join(directory, 'keys'), seconds);
  const seal = await loadMaterialSeal(join(directory, 'root.key'), store.all().length > 0);
  const cryptos = new Map<string, KeyCrypto>();
  const context = (): LifecycleContext => ({ seal, now: seconds() });

  function cryptoOf(key: KeyRecord, version: KeyVersion): KeyCrypto {
    const label = materialLabel(key.name, version.version);
    const known = cryptos.get(label);
    if (known !== undefined) return known;
    const crypto = keyCrypto(version, () => seal.open(label, version.sealedPrivate), signing);
    cryptos.set(label, crypto);
    return crypto;
  }

  async function changeLatest(
    name: string,
    transition: (key: KeyRecord | undefined) => KeyRecord | Promise<KeyRecord>,
  ): Promise<object> {
    const key = await store.change(name, transition);
    return keyBundle(baseUrl, key, latestVersion(key));
  }

  async function run({ operation, name, version }: Target, url: URL, body: Buffer): Promise<object> {
    const live = () => requireLive(store.find(name), name);
    switch (operation) {
      case 'KeyCreate': {
        const wanted = parseBody(createBodyShape, body);
        return changeLatest(name, (key) => createVersion(key, name, wanted, context()));
      }
      case 'KeyImport': {
        const wanted = parseBody(importBodyShape, body);
        return changeLatest(name, (key) => importVersion(key, name, wanted, context()));
      }
      case 'KeyRotate':
        return changeLatest(name, (key) => rotatedVersion(requireLive(key, name), context()));
      case 'KeyRecover':
        return changeLatest(name, (key) => recoveredKey(requireDeleted(key, name)));
      case 'KeyGet': {
        const found = versionOf(live(), version);
        if (!found.enabled) throw forbidden('Operation get is not allowed on a disabled key.', 'KeyDisabled');
        return keyBundle(baseUrl, live(), found);
      }
      case 'KeyUpdate': {
        const wanted = parseBody(updateBodyShape, body);
        const key = await store.change(name, (before) => {
          const known = requireLive(before, name);
          return updatedVersion(known, versionOf(known, version), wanted, seconds());
        });
        return keyBundle(baseUrl, key, versionOf(key, version));
      }
      case 'KeyDelete':
        return deletedBundle(
          baseUrl,
          await store.change(name, (key) => deletedKey(requireLive(key, name), seconds())),
        );
      case 'KeyGetDeleted':
        return deletedBundle(baseUrl, requireDeleted(store.find(name), name));
      case 'KeyPurge':
        requireDeleted(store.find(name), name);
        throw forbidden(
          'Operation "purge" is not allowed because purge protection is enabled for this vault.',
          'PurgeProtectionEnabled',
        );
      case 'KeyList':
        return listPage(
          store.all().filter((key) => key.deleted === undefined),
          (key) => key.name,
          (key) => keyItem(baseUrl, key),
          url,
        );
      case 'KeyListDeleted':
        return listPage(
          store.all().filter((key) => key.deleted !== undefined),
          (key) => key.name,
          (key) => deletedItem(baseUrl, key),
          url,
        );
      case 'KeyListVersions': {
        const key = live();
        return listPage(
          key.versions.toSorted((one, other) => (one.version < other.version ? -1 : 1)),
          (one) => one.version,
          (one) => versionItem(baseUrl, key, one),
          url,
        );
      }
      case 'KeyRotationPolicyGet':
        return rotationPolicyView(baseUrl, live());
      case 'KeyRotationPolicySet': {
        const { lifetimeActions = [], attributes } = parseBody(rotationPolicyBodyShape, body);
        const key = await store.change(name, (before) => {
          const known = requireLive(before, name);
          const created = known.rotationPolicy?.created ?? seconds();
          const expiryTime = attributes?.expiryTime ?? undefined;
          return { ...known, rotationPolicy: { lifetimeActions, expiryTime, created, updated: seconds() } };
        });
        return rotationPolicyView(baseUrl, key);
      }
      case 'KeyEncrypt':
      case 'KeyDecrypt':
      case 'KeyWrap':
      case 'KeyUnwrap':
      case 'KeySign':
      case 'KeyVerify': {
        const key = live();
        const found = versionOf(key, version);
        requireUsable(found, operation, seconds());
        return useKey(operation, keyId(baseUrl, key.name, found.version), cryptoOf(key, found), body);
      }
      case 'KeyBackup':
      case 'KeyRestore':
      case 'KeyRelease':
      case 'KeyGetAttestation':
      case 'KeyGetRandomBytes':
        throw unsupported(operation);
    }
  }

  return {
    nameOf: (name) => store.find(name)?.name ?? name,
    async ensure(name, wanted) {
      const key =
        liveKey(store.find(name)) ??
        (await store.change(
          name,
          (known) => liveKey(known) ?? createVersion(known, name, wanted, context()),
        ));
      const version = latestVersion(key);
      if (version.kty !== wanted.kty) throw new Error(`key ${name} exists and is of type ${version.kty}`);
      return { kid: keyId(baseUrl, key.name, version.version), version };
    },
    async rotateDue() {
      const rotated: string[] = [];
      for (const { name } of store.all().filter((key) => isDueForRotation(key, seconds()))) {
        await store.change(name, async (known) => {
          const live = requireLive(known, name);
          // Somebody may have rotated it while this one waited for its turn.
          if (!isDueForRotation(live, seconds())) return live;
          const next = await rotatedVersion(live, context());
          rotated.push(`${next.name}/${latestVersion(next).version}`);
          return next;
        });
      }
      return rotated;
    },
    run,
  };
}

function liveKey(key: KeyRecord | undefined): KeyRecord | undefined {
  return key?.deleted === undefined ? key : undefined;
}

function versionOf(key: KeyRecord, version: string): KeyVersion {
  if (version === '') return latestVersion(key);
  const found = key.versions.find((one) => one.version === version);
  if (found === undefined) throw keyNotFound(`${key.name}/${version}`);
  return found;
}
