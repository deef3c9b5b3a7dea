// The app registration of the coordinator's API. Resource Manager cannot make one, and the Bicep extension that can is
// fetched from a registry at build time; so the hook asks the Azure CLI. It makes no secret: the API only checks tokens.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ids of the app roles. Fixed, so that a grant means the same in every deployment. */
export const appRoles = [
  {
    value: 'viewer',
    id: '6f1a9a52-6c0a-4b7e-9a31-2f0f6a3f1d01',
    people: true,
    description: 'See experiments, rounds and models.',
  },
  {
    value: 'operator',
    id: '6f1a9a52-6c0a-4b7e-9a31-2f0f6a3f1d02',
    people: true,
    description: 'Start and steer experiments, admit silos.',
  },
  {
    value: 'admin',
    id: '6f1a9a52-6c0a-4b7e-9a31-2f0f6a3f1d03',
    people: true,
    description: "Everything, and the change of a silo's keys.",
  },
  {
    value: 'silo',
    id: '6f1a9a52-6c0a-4b7e-9a31-2f0f6a3f1d04',
    people: false,
    description: 'Be a silo: register, fetch models.',
  },
];

/** The registration as Microsoft Graph wants it: this tenant only, version 2 tokens. */
export function registrationOf(displayName) {
  return {
    displayName,
    signInAudience: 'AzureADMyOrg',
    api: { requestedAccessTokenVersion: 2 },
    appRoles: appRoles.map(({ value, id, people, description }) => ({
      id,
      value,
      displayName: value,
      description,
      allowedMemberTypes: people ? ['User', 'Application'] : ['Application'],
      isEnabled: true,
    })),
  };
}

const graph = 'https://graph.microsoft.com/v1.0';

/** Posts a document to Microsoft Graph. It goes by a file: quotes do not survive every shell. */
function post(path, document, output, run) {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-'));
  try {
    const file = join(folder, 'body.json');
    writeFileSync(file, JSON.stringify(document));
    const url = `${graph}/${path}`;
    return run('az', ['rest', '--method', 'post', '--url', url, '--body', `@${file}`, '--output', output]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Finds the registration by its name or makes it, with a service principal that gives tokens to assigned callers only.
 * @param {string} displayName
 * @param {(program: string, parameters: string[]) => string} run
 * @returns {{ clientId: string, made: boolean }}
 */
export function ensureApiRegistration(displayName, run) {
  const found = JSON.parse(
    run('az', ['ad', 'app', 'list', '--display-name', displayName, '--output', 'json']),
  );
  const exact = found.filter((app) => app.displayName === displayName);
  if (exact.length > 1) {
    throw new Error(
      `There are ${exact.length} app registrations named ${displayName}. Choose one: azd env set API_CLIENT_ID <its client id>`,
    );
  }
  if (exact.length === 1) return { clientId: exact[0].appId, made: false };

  const { appId } = JSON.parse(post('applications', registrationOf(displayName), 'json', run));
  post('servicePrincipals', { appId, appRoleAssignmentRequired: true }, 'none', run);
  return { clientId: appId, made: true };
}
