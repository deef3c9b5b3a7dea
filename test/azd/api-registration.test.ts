import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appRoles, ensureApiRegistration, registrationOf } from '../../infra/hooks/api-registration.mjs';
import { appRoles as rolesOfTheCode } from '../../shared/domain/resources.ts';

/** An Azure CLI that knows some registrations and remembers what it was asked, with the documents that it was given. */
function azureWith(apps: { appId: string; displayName: string }[]) {
  const asked: { parameters: string[]; document: unknown }[] = [];
  const files: string[] = [];
  const run = (_program: string, parameters: string[]): string => {
    const file = parameters.find((part) => part.startsWith('@'))?.slice(1);
    if (file !== undefined) files.push(file);
    const document: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
    asked.push({ parameters, document });
    if (parameters[1] === 'app') return JSON.stringify(apps);
    return parameters.some((part) => part.endsWith('/applications'))
      ? JSON.stringify({ appId: 'new-app' })
      : '';
  };
  return { asked, files, run };
}

describe("The API's app registration", () => {
  it('has exactly the app roles that the code knows', () => {
    expect(appRoles.map(({ value }) => value)).toEqual([...rolesOfTheCode]);
    expect(new Set(appRoles.map(({ id }) => id)).size).toBe(rolesOfTheCode.length);
  });

  it('issues version 2 tokens for this tenant only, and lets no person be a silo', () => {
    const registration = registrationOf('tributary-test');
    expect(registration.signInAudience).toBe('AzureADMyOrg');
    expect(registration.api.requestedAccessTokenVersion).toBe(2);
    expect(registration.appRoles.find(({ value }) => value === 'silo')?.allowedMemberTypes).toEqual([
      'Application',
    ]);
  });

  it('is made once, with a principal that gives tokens to assigned callers only', () => {
    const { asked, files, run } = azureWith([]);
    expect(ensureApiRegistration('tributary-test', run)).toEqual({ clientId: 'new-app', made: true });
    expect(asked).toHaveLength(3);
    expect(asked[1]?.document).toEqual(registrationOf('tributary-test'));
    expect(asked[2]?.document).toEqual({ appId: 'new-app', appRoleAssignmentRequired: true });
    expect(JSON.stringify(asked)).not.toMatch(/password|secret/i);
    expect(files).toHaveLength(2);
    expect(files.filter((file) => existsSync(file))).toEqual([]);
  });

  it('is found again by its exact name, and nothing is changed then', () => {
    const { asked, run } = azureWith([
      { appId: 'other', displayName: 'tributary-test-2' },
      { appId: 'mine', displayName: 'tributary-test' },
    ]);
    expect(ensureApiRegistration('tributary-test', run)).toEqual({ clientId: 'mine', made: false });
    expect(asked).toHaveLength(1);
  });

  it('is not guessed when two have the name', () => {
    const twice = [1, 2].map((n) => ({ appId: `app-${n}`, displayName: 'tributary-test' }));
    const { asked, run } = azureWith(twice);
    expect(() => ensureApiRegistration('tributary-test', run)).toThrow('azd env set API_CLIENT_ID');
    expect(asked).toHaveLength(1);
  });
});
