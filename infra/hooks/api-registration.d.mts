export interface ApiAppRole {
  readonly value: string;
  readonly id: string;
  readonly people: boolean;
  readonly description: string;
}
export const appRoles: readonly ApiAppRole[];

export interface ApiRegistration {
  readonly displayName: string;
  readonly signInAudience: string;
  readonly api: { readonly requestedAccessTokenVersion: number };
  readonly appRoles: readonly {
    readonly id: string;
    readonly value: string;
    readonly displayName: string;
    readonly description: string;
    readonly allowedMemberTypes: readonly string[];
    readonly isEnabled: boolean;
  }[];
}
export function registrationOf(displayName: string): ApiRegistration;
export function ensureApiRegistration(
  displayName: string,
  run: (program: string, parameters: string[]) => string,
): { clientId: string; made: boolean };
