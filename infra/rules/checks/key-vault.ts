import { isEmpty, isIsolated, isSilo } from '../conditions.ts';
import { at } from '../evaluate/access.ts';
import { known, optionsOf, show } from '../evaluate/value.ts';
import { atLeast, deployed, equals, exactly, oneOf, propertyRule } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const vault = 'Microsoft.KeyVault/vaults';
const hsm = 'Microsoft.KeyVault/managedHSMs';
const key = `${vault}/keys`;
const checklist = '6 Key Vault';

const vaultRule = (
  id: string,
  path: string,
  expect: ReturnType<typeof equals>,
  title: string,
  fix: string,
): Rule => propertyRule({ id, checklist, title, fix, type: vault, path: `properties.${path}`, expect });

export const keyVaultRules: readonly Rule[] = [
  vaultRule(
    'vault-rbac',
    'enableRbacAuthorization',
    equals(true, false),
    'Vaults are in RBAC mode, without which no right can be on one key.',
    'Set enableRbacAuthorization to true.',
  ),
  vaultRule(
    'vault-purge-protection',
    'enablePurgeProtection',
    equals(true, false),
    'A deleted vault cannot be purged before its time.',
    'Set enablePurgeProtection to true.',
  ),
  vaultRule(
    'vault-soft-delete',
    'enableSoftDelete',
    equals(true, false),
    'A deleted vault can be brought back.',
    'Set enableSoftDelete to true.',
  ),
  vaultRule(
    'vault-retention',
    'softDeleteRetentionInDays',
    atLeast(90, 7),
    'A deleted vault can be brought back for 90 days.',
    'Set softDeleteRetentionInDays to 90.',
  ),
  vaultRule(
    'vault-premium',
    'sku.name',
    equals('premium', 'standard'),
    'Keys lie in hardware: the vault is of the premium tier.',
    "Set sku.name to 'premium'.",
  ),
  vaultRule(
    'vault-no-bypass',
    'networkAcls.bypass',
    equals('None', 'AzureServices'),
    'No service of Azure passes the firewall of a vault by being of Azure.',
    "Set networkAcls.bypass to 'None'.",
  ),
  vaultRule(
    'vault-not-for-machines',
    'enabledForDeployment',
    equals(false, true),
    'Virtual machines are not given secrets of the vault when they are made.',
    'Set enabledForDeployment to false.',
  ),
  vaultRule(
    'vault-not-for-templates',
    'enabledForTemplateDeployment',
    equals(false, true),
    'Resource Manager does not read secrets of the vault.',
    'Set enabledForTemplateDeployment to false.',
  ),
  vaultRule(
    'vault-not-for-disks',
    'enabledForDiskEncryption',
    equals(false, true),
    'Disk encryption does not unwrap with keys of the vault.',
    'Set enabledForDiskEncryption to false.',
  ),
  propertyRule({
    id: 'vault-no-public-network',
    checklist: '8 Network',
    title: 'With network isolation the coordinator’s vault is off the public network.',
    fix: "Set publicNetworkAccess to 'Disabled' when networkIsolation is true.",
    type: vault,
    path: 'properties.publicNetworkAccess',
    expect: equals('Disabled', 'Enabled'),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
  propertyRule({
    id: 'vault-firewall',
    checklist: '8 Network',
    title:
      'A vault refuses every network that is not named, where isolation is asked for or networks are named.',
    fix: "Set networkAcls.defaultAction to 'Deny' in these cases.",
    type: vault,
    path: 'properties.networkAcls.defaultAction',
    expect: equals('Deny', 'Allow'),
    where: (_instance, deployment) =>
      isIsolated(deployment) ||
      (isSilo(deployment) && !isEmpty(deployment.parameters.get('allowedAddressRanges'))),
  }),
  {
    id: 'vault-no-access-policies',
    checklist,
    title: 'No access policy exists: they cover whole vaults.',
    fix: 'Remove accessPolicies; assign a role on one key.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/vault.bicep',
        find: /enableRbacAuthorization: true/,
        by: 'enableRbacAuthorization: true\n    accessPolicies: [{ objectId: location }]',
      },
    ],
    check({ deployment }) {
      const vaults = deployed(deployment, vault);
      const policies = deployed(deployment, `${vault}/accessPolicies`);
      const set = vaults.filter((one) => !isEmpty(at(one.body, 'properties.accessPolicies')));
      const findings = [...policies, ...set].map(({ place }) => ({ place, message: 'has an access policy' }));
      return { subjects: vaults.length, findings };
    },
  },
  propertyRule({
    id: 'key-in-hardware',
    checklist,
    title: 'Keys are made in hardware.',
    fix: "Set kty to 'RSA-HSM' or 'EC-HSM'.",
    type: key,
    path: 'properties.kty',
    expect: oneOf(['RSA-HSM', 'EC-HSM'], 'EC'),
  }),
  propertyRule({
    id: 'key-size',
    checklist,
    title: 'Wrapping keys have 3072 bits or more.',
    fix: 'Set keySize to 3072 or 4096.',
    type: key,
    path: 'properties.keySize',
    expect: atLeast(3072, 2048),
    where: (instance) =>
      isWrapping(String(show(at(instance.body, 'properties.kty') ?? { kind: 'literal', value: '' }))),
  }),
  propertyRule({
    id: 'key-curve',
    checklist,
    title: 'Signing keys are on P-256, as ES256 wants.',
    fix: "Set curveName to 'P-256'.",
    type: key,
    path: 'properties.curveName',
    expect: equals('P-256', 'P-256K'),
    where: (instance) =>
      !isWrapping(String(show(at(instance.body, 'properties.kty') ?? { kind: 'literal', value: '' }))),
  }),
  {
    id: 'key-operations',
    checklist,
    title: 'A key signs or it wraps, and does nothing else.',
    fix: 'Set keyOps to sign and verify, or to wrapKey and unwrapKey.',
    mutations: [
      { kind: 'set', type: key, path: 'properties.keyOps', to: "['sign', 'verify', 'encrypt']" },
      { kind: 'remove', type: key, path: 'properties.keyOps' },
    ],
    check({ deployment }) {
      const keys = deployed(deployment, key);
      const allowed = [exactly(['sign', 'verify'], ''), exactly(['wrapKey', 'unwrapKey'], '')];
      const findings = keys.flatMap((one) => {
        const operations = at(one.body, 'properties.keyOps');
        const isRight =
          operations !== undefined &&
          optionsOf(operations).every((option) => allowed.some(({ holds }) => holds(option)));
        return isRight
          ? []
          : [{ place: operations?.place ?? one.place, message: 'keyOps allow more than one use' }];
      });
      return { subjects: keys.length, findings };
    },
  },
  propertyRule({
    id: 'key-stays',
    checklist,
    title: 'Keys cannot be exported, but where a release policy for attested code is given.',
    fix: 'Set attributes.exportable to false.',
    type: key,
    path: 'properties.attributes.exportable',
    expect: equals(false, true),
    where: (_instance, { parameters }) => {
      const policy = parameters.get('releasePolicy');
      return policy === undefined || known(policy) === '';
    },
  }),
  {
    id: 'key-rotation',
    checklist,
    title: 'Wrapping keys rotate by policy.',
    fix: "Give the key a rotationPolicy with a lifetime action 'rotate'.",
    mutations: [{ kind: 'set', type: key, path: 'properties.rotationPolicy', to: 'null' }],
    check({ deployment }) {
      const keys = deployed(deployment, key).filter((one) => {
        const kty = at(one.body, 'properties.kty');
        return kty !== undefined && isWrapping(show(kty));
      });
      const findings = keys
        .filter((one) => {
          const actions = at(one.body, 'properties.rotationPolicy.lifetimeActions');
          return !(actions?.kind === 'array' && actions.items.some((item) => isRotation(show(item))));
        })
        .map(({ place }) => ({ place, message: 'no rotation policy' }));
      return { subjects: keys.length, findings };
    },
  },
  propertyRule({
    id: 'hsm-purge-protection',
    checklist,
    title: 'A deleted Managed HSM cannot be purged before its time.',
    fix: 'Set enablePurgeProtection to true.',
    type: hsm,
    path: 'properties.enablePurgeProtection',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'hsm-retention',
    checklist,
    title: 'A deleted Managed HSM can be brought back for 90 days.',
    fix: 'Set softDeleteRetentionInDays to 90.',
    type: hsm,
    path: 'properties.softDeleteRetentionInDays',
    expect: atLeast(90, 7),
  }),
  propertyRule({
    id: 'hsm-no-public-network',
    checklist: '8 Network',
    title: 'With network isolation the Managed HSM is off the public network.',
    fix: "Set publicNetworkAccess to 'Disabled' when networkIsolation is true.",
    type: hsm,
    path: 'properties.publicNetworkAccess',
    expect: equals('Disabled', 'Enabled'),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
];

function isWrapping(kty: string): boolean {
  return kty.includes('RSA');
}

function isRotation(action: string): boolean {
  return /type: 'rotate'/i.test(action);
}
