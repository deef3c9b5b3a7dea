import { isClosed, isIsolated, isOf } from '../conditions.ts';
import { at } from '../evaluate/access.ts';
import { known } from '../evaluate/value.ts';
import { atLeast, deployed, equals, nameOf, oneOf, propertyRule } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const account = 'Microsoft.Storage/storageAccounts';
const blobService = `${account}/blobServices`;
const checklist = '2 Storage';
/** Accounts whose blobs an experiment rests on. */
const lasting = isOf('modelsAccount', 'updatesAccount');

const accountRule = (
  id: string,
  path: string,
  expect: ReturnType<typeof equals>,
  title: string,
  fix: string,
): Rule => propertyRule({ id, checklist, title, fix, type: account, path: `properties.${path}`, expect });

export const storageRules: readonly Rule[] = [
  accountRule(
    'storage-no-shared-key',
    'allowSharedKeyAccess',
    equals(false, true),
    'Storage accounts take Entra identities only.',
    'Set allowSharedKeyAccess to false.',
  ),
  accountRule(
    'storage-no-public-blobs',
    'allowBlobPublicAccess',
    equals(false, true),
    'No container of an account can be made public.',
    'Set allowBlobPublicAccess to false.',
  ),
  accountRule(
    'storage-tls',
    'minimumTlsVersion',
    oneOf(['TLS1_2', 'TLS1_3'], 'TLS1_0'),
    'Storage accounts speak TLS 1.2 or newer.',
    "Set minimumTlsVersion to 'TLS1_2'.",
  ),
  accountRule(
    'storage-https-only',
    'supportsHttpsTrafficOnly',
    equals(true, false),
    'Storage accounts refuse plain HTTP.',
    'Set supportsHttpsTrafficOnly to true.',
  ),
  accountRule(
    'storage-entra-by-default',
    'defaultToOAuthAuthentication',
    equals(true, false),
    'Tools that ask an account how to authenticate are told Entra.',
    'Set defaultToOAuthAuthentication to true.',
  ),
  accountRule(
    'storage-no-cross-tenant-replication',
    'allowCrossTenantReplication',
    equals(false, true),
    'No replication policy can carry blobs to another tenant.',
    'Set allowCrossTenantReplication to false.',
  ),
  accountRule(
    'storage-double-encryption',
    'encryption.requireInfrastructureEncryption',
    equals(true, false),
    'Blobs are encrypted by the service and by the infrastructure.',
    'Set encryption.requireInfrastructureEncryption to true; it cannot be set later.',
  ),
  accountRule(
    'storage-no-local-users',
    'isLocalUserEnabled',
    equals(false, true),
    'Storage accounts have no users of their own.',
    'Set isLocalUserEnabled to false.',
  ),
  accountRule(
    'storage-no-sftp',
    'isSftpEnabled',
    equals(false, true),
    'Storage accounts offer no SFTP.',
    'Set isSftpEnabled to false.',
  ),
  accountRule(
    'storage-short-links',
    'sasPolicy.expirationAction',
    equals('Block', 'Log'),
    'A link that lives longer than the policy allows is blocked.',
    "Set sasPolicy.expirationAction to 'Block'.",
  ),
  accountRule(
    'storage-no-bypass',
    'networkAcls.bypass',
    equals('None', 'AzureServices'),
    'No service of Azure passes an account’s firewall by being of Azure.',
    "Set networkAcls.bypass to 'None'.",
  ),
  accountRule(
    'storage-copy-scope',
    'allowedCopyScope',
    oneOf(['AAD', 'PrivateLink'], ''),
    'Blobs are copied within this tenant only.',
    "Set allowedCopyScope to 'AAD'.",
  ),
  propertyRule({
    id: 'storage-kind',
    checklist,
    title: 'Accounts are general-purpose v2, which alone has every protection used here.',
    fix: "Set kind to 'StorageV2'.",
    type: account,
    path: 'kind',
    expect: equals('StorageV2', 'Storage'),
  }),
  propertyRule({
    id: 'storage-firewall',
    checklist: '8 Network',
    title: 'With network isolation an account refuses every network that is not named.',
    fix: "Set networkAcls.defaultAction to 'Deny' when networkIsolation is true.",
    type: account,
    path: 'properties.networkAcls.defaultAction',
    expect: equals('Deny', 'Allow'),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
  propertyRule({
    id: 'storage-no-public-network',
    checklist: '8 Network',
    title: 'With network isolation, and no silo named by address, an account is off the public network.',
    fix: "Set publicNetworkAccess to 'Disabled' when networkIsolation is true and siloAddressRanges is empty.",
    type: account,
    path: 'properties.publicNetworkAccess',
    expect: equals('Disabled', 'Enabled'),
    where: (_instance, deployment) => isClosed(deployment),
  }),
  propertyRule({
    id: 'storage-private-containers',
    checklist,
    title: 'Containers are private.',
    fix: "Set publicAccess to 'None'.",
    type: `${blobService}/containers`,
    path: 'properties.publicAccess',
    expect: equals('None', 'Blob'),
  }),
  propertyRule({
    id: 'storage-versions',
    checklist,
    title: 'Models and updates keep every version, so that what is overwritten can be read and proved.',
    fix: 'Give the account keepsVersions: true.',
    type: blobService,
    path: 'properties.isVersioningEnabled',
    expect: equals(true, false),
    where: lasting,
  }),
  propertyRule({
    id: 'storage-soft-delete',
    checklist,
    title: 'Deleted models and updates can be brought back.',
    fix: 'Set deleteRetentionPolicy.enabled to true.',
    type: blobService,
    path: 'properties.deleteRetentionPolicy.enabled',
    expect: equals(true, false),
    where: lasting,
  }),
  propertyRule({
    id: 'storage-soft-delete-days',
    checklist,
    title: 'Deleted models and updates stay for a week or more.',
    fix: 'Set deleteRetentionPolicy.days to 7 or more.',
    type: blobService,
    path: 'properties.deleteRetentionPolicy.days',
    expect: atLeast(7, 1),
    where: lasting,
  }),
  propertyRule({
    id: 'storage-container-soft-delete',
    checklist,
    title: 'Deleted containers can be brought back.',
    fix: 'Set containerDeleteRetentionPolicy.enabled to true.',
    type: blobService,
    path: 'properties.containerDeleteRetentionPolicy.enabled',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'storage-no-permanent-delete',
    checklist,
    title: 'Nobody may delete past the soft delete.',
    fix: 'Set deleteRetentionPolicy.allowPermanentDelete to false.',
    type: blobService,
    path: 'properties.deleteRetentionPolicy.allowPermanentDelete',
    expect: equals(false, true),
  }),
  propertyRule({
    id: 'storage-immutable-models',
    checklist,
    title: 'Where models are to be immutable, the account has the policy.',
    fix: 'Set immutableStorageWithVersioning.enabled to true for the models account.',
    type: account,
    path: 'properties.immutableStorageWithVersioning.enabled',
    expect: equals(true, false),
    where: (instance, { parameters }) => {
      const days = parameters.get('modelImmutabilityDays');
      return isOf('modelsAccount')(instance) && days !== undefined && Number(known(days)) > 0;
    },
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/storage-account.bicep',
        find: /immutableStorageWithVersioning: .*/,
        by: 'immutableStorageWithVersioning: null',
      },
    ],
  }),
  {
    id: 'storage-updates-expire',
    checklist,
    title: 'Sealed updates are deleted after a time.',
    fix: 'Give the updates account deleteAfterDays above 0.',
    mutations: [{ kind: 'drop', type: `${account}/managementPolicies` }],
    check({ deployment }) {
      const accounts = deployed(deployment, account).filter(isOf('updatesAccount'));
      const policies = deployed(deployment, `${account}/managementPolicies`);
      const findings = accounts
        .filter((one) => !policies.some(({ parent, isCertain }) => parent === one && isCertain))
        .map(({ place }) => ({ place, message: 'the account of updates has no lifecycle policy' }));
      return { subjects: accounts.length, findings };
    },
  },
  {
    id: 'storage-accounts-apart',
    checklist,
    title: 'Host state, models and updates are in accounts of their own.',
    fix: 'Make one account for each, so that a right on one reaches nothing of another.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/accounts.bicep',
        find: /accountName: updatesAccountName/,
        by: 'accountName: modelsAccountName',
      },
    ],
    check({ deployment }) {
      const accounts = deployed(deployment, account);
      const [first] = accounts;
      if (first === undefined) return { subjects: 0, findings: [] };
      const names = new Set(accounts.map((one) => nameOf(one) ?? JSON.stringify(at(one.body, 'name'))));
      const purposes = ['hostAccount', 'modelsAccount', 'updatesAccount'];
      const missing = purposes.filter((purpose) => !accounts.some(isOf(purpose)));
      const findings =
        missing.length === 0 && names.size === accounts.length
          ? []
          : [{ place: first.place, message: `${accounts.length} accounts have ${names.size} names` }];
      return { subjects: accounts.length, findings };
    },
  },
];
