/**
 * The conformance suites: what any backend of a service has to do, asked by the official client. Each test names the
 * operations of the support table that it exercises; against the embedded cloud, which tells what it was asked for,
 * it fails when it claims one that never reached the service.
 */
import { expect, it } from 'vitest';
import { createFaultPlan, type FaultPlan } from '../../local/core/faults.ts';

export const services = ['blob', 'cosmos', 'key-vault', 'service-bus'] as const;
export type ServiceName = (typeof services)[number];

/** `embedded` unless TRIBUTARY_CONFORMANCE names another; see docs/local-cloud.md. */
export function backendName(): string {
  return process.env['TRIBUTARY_CONFORMANCE'] ?? 'embedded';
}

/** A setting that another backend than the embedded one needs. @throws Error that says which */
export function requireSetting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`the backend ${backendName()} needs ${name}`);
  return value;
}

export interface OperationLog {
  /** For the service under test: injects nothing, notes every operation. */
  readonly faults: FaultPlan;
  readonly seen: Set<string>;
}

/** @param operationOf the support table's name of what the service calls an operation */
export function operationLog(operationOf: (operation: string) => string = (name) => name): OperationLog {
  const seen = new Set<string>();
  const plan = createFaultPlan();
  return {
    seen,
    faults: {
      ...plan,
      next(_service, operation) {
        seen.add(operationOf(operation));
        return undefined;
      },
    },
  };
}

type Conform = (
  operations: readonly string[],
  name: string,
  run: () => Promise<void>,
  needs?: { readonly feature: string; readonly timeout?: number },
) => void;

/** @param lacks features that this backend does not have; tests that need one are skipped and say so in their name */
export function conformance(log: OperationLog, lacks: readonly string[]): Conform {
  return (operations, name, run, needs) => {
    const missing = needs !== undefined && lacks.includes(needs.feature);
    const title = missing ? `${name} (skipped: ${backendName()} has no ${needs.feature})` : name;
    it.skipIf(missing)(title, { timeout: needs?.timeout ?? 30_000 }, async () => {
      log.seen.clear();
      await run();
      if (backendName() !== 'embedded') return;
      const unseen = operations.filter((operation) => !log.seen.has(operation));
      expect(unseen, 'operations that the test claims and never asked for').toEqual([]);
    });
  };
}
