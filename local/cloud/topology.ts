import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { siloId } from '../../shared/contracts/identifiers.ts';
import { writeDurableFile } from '../core/durable-file.ts';

const topologyShape = z.object({
  portBase: z.int(),
  /** In order of creation: a silo's place gives its vault's port, which its key ids contain. */
  silos: z.array(siloId),
  /** Written by hand, for programs that bring connection strings to Service Bus; see docs/local-cloud.md. */
  sharedAccessRules: z
    .array(
      z.object({
        name: z.string(),
        rights: z.array(z.enum(['send', 'listen', 'manage'])),
        key: z.string(),
        queue: z.string().exactOptional(),
      }),
    )
    .exactOptional(),
});
export type Topology = z.infer<typeof topologyShape>;

/** What is to be in this cloud, kept across starts. The base port stays: endpoints are part of stored key ids. */
export function readTopology(path: string, portBase: number): Topology {
  if (!existsSync(path)) return { portBase, silos: [] };
  const topology = topologyShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  if (topology.portBase !== portBase) {
    throw new Error(
      `this data directory was made with --port-base ${topology.portBase}; use that, or another --data directory`,
    );
  }
  return topology;
}

export async function writeTopology(path: string, topology: Topology): Promise<void> {
  await writeDurableFile(path, JSON.stringify(topology));
}
