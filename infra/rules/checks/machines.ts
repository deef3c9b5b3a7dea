import { at } from '../evaluate/access.ts';
import { deployed, equals, oneOf, propertyRule } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const machine = 'Microsoft.Compute/virtualMachines';
const checklist = '8 Network';

export const machineRules: readonly Rule[] = [
  propertyRule({
    id: 'vm-no-password',
    checklist,
    title: 'Nobody logs in to a machine with a password.',
    fix: 'Set linuxConfiguration.disablePasswordAuthentication to true.',
    type: machine,
    path: 'properties.osProfile.linuxConfiguration.disablePasswordAuthentication',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'vm-encrypted',
    checklist,
    title: 'Disks and caches of machines are encrypted at the host.',
    fix: 'Set securityProfile.encryptionAtHost to true.',
    type: machine,
    path: 'properties.securityProfile.encryptionAtHost',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'vm-trusted-launch',
    checklist,
    title: 'Machines boot only what is signed.',
    fix: "Set securityProfile.securityType to 'TrustedLaunch' or 'ConfidentialVM', with secure boot.",
    type: machine,
    path: 'properties.securityProfile.securityType',
    expect: oneOf(['TrustedLaunch', 'ConfidentialVM'], 'Standard'),
  }),
  propertyRule({
    id: 'vm-secure-boot',
    checklist,
    title: 'Machines have secure boot.',
    fix: 'Set securityProfile.uefiSettings.secureBootEnabled to true.',
    type: machine,
    path: 'properties.securityProfile.uefiSettings.secureBootEnabled',
    expect: equals(true, false),
  }),
  propertyRule({
    id: 'vm-no-extensions',
    checklist,
    title: 'Nobody with a right on the machine in Azure can put a program into it; its image updates itself.',
    fix: 'Set osProfile.allowExtensionOperations to false.',
    type: machine,
    path: 'properties.osProfile.allowExtensionOperations',
    expect: equals(false, true),
  }),
  {
    id: 'agent-not-reachable',
    checklist,
    title: 'Nothing can call a silo’s agent: no ingress, no public address on its machine.',
    fix: 'Remove ingress and publicIPAddress.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/silo/modules/agent-vm.bicep',
        find: /privateIPAllocationMethod: 'Dynamic'/,
        by: "privateIPAllocationMethod: 'Dynamic'\n          publicIPAddress: { id: egressAddress.id }",
      },
      {
        kind: 'replace',
        path: 'infra/silo/modules/agent-container-app.bicep',
        find: /activeRevisionsMode: 'Single'/,
        by: "activeRevisionsMode: 'Single'\n      ingress: { external: true, targetPort: 80 }",
      },
    ],
    check({ deployment }) {
      const apps = deployed(deployment, 'Microsoft.App/containerApps');
      const interfaces = deployed(deployment, 'Microsoft.Network/networkInterfaces');
      const open = [
        ...apps.filter(({ body }) => at(body, 'properties.configuration.ingress') !== undefined),
        ...interfaces.filter(({ body }) => {
          const configurations = at(body, 'properties.ipConfigurations');
          if (configurations?.kind !== 'array') return true;
          return configurations.items.some((one) => at(one, 'properties.publicIPAddress') !== undefined);
        }),
      ];
      return {
        subjects: apps.length + interfaces.length,
        findings: open.map(({ place }) => ({ place, message: 'can be called' })),
      };
    },
  },
];
