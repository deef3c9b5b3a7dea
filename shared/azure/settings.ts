import * as z from 'zod';
import { keyId } from '../contracts/keys.ts';

/** Application settings that the coordinator reads, by name. The same names in Azure and on one machine. */
export const coordinatorSettings = z.object({
  ServiceBusConnection__fullyQualifiedNamespace: z.string().min(1),
  COSMOS_ENDPOINT: z.url(),
  COSMOS_DATABASE: z.string().default('tributary'),
  MODELS_ACCOUNT_URL: z.url(),
  UPDATES_ACCOUNT_URL: z.url(),
  PLAN_SIGNING_KEY_ID: keyId,
  /** Client ids of the managed identities, one per purpose. */
  COORDINATOR_CLIENT_ID: z.string().min(1),
  AGGREGATOR_CLIENT_ID: z.string().min(1),
  /** Tenant of these identities. */
  COORDINATOR_TENANT_ID: z.uuid(),
  /** Client id of the application that the aggregator is at vaults of other tenants; none where there are none. */
  AGGREGATOR_APPLICATION_ID: z.union([z.uuid(), z.literal('').transform(() => undefined)]).optional(),
  /** The token service; default: the public cloud's. */
  AZURE_AUTHORITY_HOST: z.url({ protocol: /^https$/ }).optional(),
  /** Who may call the HTTP API. */
  API_AUDIENCE: z.string().min(1),
  API_ISSUERS: z.string().transform((text) => text.split(',').map((issuer) => issuer.trim())),
  API_JWKS_URL: z.url(),
  API_TENANTS: z.string().transform((text) => text.split(',').map((tenant) => tenant.trim())),
  /** `false` only where a vault's host name is not under its resource's, as on one machine. */
  KEYVAULT_VERIFY_CHALLENGE: z.enum(['true', 'false']).default('true'),
  /** Threads that open and fold updates; 0 for none beside the host's own. Default: one per core, at most 8. */
  TRIBUTARY_AGGREGATION_WORKERS: z
    .string()
    .regex(/^\d{1,2}$/, 'a whole number of threads, 0 to 99')
    .transform(Number)
    .optional(),
  /** Models above this size are made shard by shard, so that a crash costs one shard. */
  TRIBUTARY_AGGREGATION_SHARD_MIB: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'a whole number of MiB, 1 to 999999')
    .default('512')
    .transform(Number),
});
export type CoordinatorSettings = z.infer<typeof coordinatorSettings>;

/** @throws with every missing or malformed setting by name. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): CoordinatorSettings {
  const parsed = coordinatorSettings.safeParse(environment);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Error(`Application settings are incomplete: ${faults}. See docs/settings.md.`);
}
