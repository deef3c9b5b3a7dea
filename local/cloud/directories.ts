import { join } from 'node:path';

/** One directory holds all of an embedded cloud; a second start on it resumes. */
export function cloudDirectories(dataDir: string) {
  return {
    root: dataDir,
    services: join(dataDir, 'cloud'),
    tls: join(dataDir, 'tls'),
    host: join(dataDir, 'host'),
    environments: join(dataDir, 'environments'),
    silos: join(dataDir, 'silos'),
    logs: join(dataDir, 'logs'),
    topology: join(dataDir, 'cloud.json'),
  };
}

export const accounts = { models: 'tribmodels', updates: 'tribupdates' } as const;
export const database = 'tributary';
export const apiAudience = 'api://tributary';
export const coordinatorVault = 'coordinator';
export const siloVault = (silo: string): string => `vault-${silo}`;
