import { alertRules } from './checks/alerts.ts';
import { cosmosRules } from './checks/cosmos.ts';
import { fileRules } from './checks/files.ts';
import { functionsAppRules } from './checks/functions-app.ts';
import { hostJsonRules } from './checks/host-json.ts';
import { keyVaultRules } from './checks/key-vault.ts';
import { machineRules } from './checks/machines.ts';
import { monitoringRules } from './checks/monitoring.ts';
import { nameRules } from './checks/names.ts';
import { namingRules } from './checks/naming.ts';
import { networkRules } from './checks/network.ts';
import { policyRules } from './checks/policy.ts';
import { resourceRules } from './checks/resources.ts';
import { roleRules } from './checks/roles.ts';
import { secretRules } from './checks/secrets.ts';
import { serviceBusRules } from './checks/service-bus.ts';
import { settingsRules } from './checks/settings.ts';
import { storageRules } from './checks/storage.ts';
import type { Rule } from './rule.ts';

export const allRules: readonly Rule[] = [
  ...secretRules,
  ...storageRules,
  ...serviceBusRules,
  ...cosmosRules,
  ...keyVaultRules,
  ...functionsAppRules,
  ...networkRules,
  ...machineRules,
  ...monitoringRules,
  ...alertRules,
  ...roleRules,
  ...policyRules,
  ...namingRules,
  ...nameRules,
  ...resourceRules,
  ...settingsRules,
  ...hostJsonRules,
  ...fileRules,
];
