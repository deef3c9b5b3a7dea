import type { ParentLink } from './events.ts';
import type { Instance, RuntimeStatus } from './instance.ts';

export const instanceColumns = [
  'instanceId',
  'executionId',
  'name',
  'version',
  'input',
  'output',
  'customStatus',
  'status',
  'createdAt',
  'updatedAt',
  'parent',
] as const;

export interface InstanceRow {
  instanceId: string;
  executionId: string;
  name: string;
  version: string;
  input: string | null;
  output: string | null;
  customStatus: string | null;
  status: string;
  createdAt: number;
  updatedAt: number;
  parent: string | null;
}

/** Field by field: the driver adds properties of its own to rows. */
export const toInstance = (row: InstanceRow): Instance => ({
  instanceId: row.instanceId,
  executionId: row.executionId,
  name: row.name,
  version: row.version,
  input: row.input,
  output: row.output,
  customStatus: row.customStatus,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  status: row.status as RuntimeStatus,
  parent: row.parent === null ? null : (JSON.parse(row.parent) as ParentLink),
});

export const toValues = (instance: Instance): (string | number | null)[] =>
  instanceColumns.map((column) => {
    const value = instance[column];
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  });
