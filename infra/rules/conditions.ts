/** Of which deployments and resources a rule speaks. */
import type { Deployment } from './evaluate/deployment.ts';
import { type Instance, known, type Value } from './evaluate/value.ts';

/** The deployment keeps its services off the public network, for certain. */
export function isIsolated({ parameters }: Deployment): boolean {
  return isTrue(parameters.get('networkIsolation'));
}

/** Isolated, and no silo reaches it by its address either. */
export function isClosed(deployment: Deployment): boolean {
  const ranges = deployment.parameters.get('siloAddressRanges');
  return isIsolated(deployment) && isEmpty(ranges);
}

export function isTrue(value: Value | undefined): boolean {
  return value !== undefined && known(value) === true;
}

export function isEmpty(value: Value | undefined): boolean {
  return value === undefined || (value.kind === 'array' && !value.isOpen && value.items.length === 0);
}

/** The account is of this purpose: the module that makes it is called after it. */
export function isOf(...modules: readonly string[]) {
  return (instance: Instance): boolean => instance.modules.some((module) => modules.includes(module));
}

export function isSilo({ entry }: Deployment): boolean {
  return entry.startsWith('infra/silo/');
}
