/** Where everything lies under the agent's work directory. Files are 0600, directories 0700. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface WorkDirectory {
  readonly root: string;
  readonly journal: string;
  readonly models: string;
  readonly sealed: string;
  readonly state: string;
  readonly tasks: string;
  readonly updates: string;
}

export async function openWorkDirectory(root: string): Promise<WorkDirectory> {
  const at = (name: string): string => join(root, name);
  const directories = {
    journal: at('journal'),
    models: at('models'),
    sealed: at('sealed'),
    state: at('state'),
    tasks: at('tasks'),
    updates: at('updates'),
  };
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const directory of Object.values(directories))
    await mkdir(directory, { recursive: true, mode: 0o700 });
  return { root, ...directories };
}

/** The sealed bytes of one participation. */
export function sealedFile(work: WorkDirectory, participation: string): string {
  return join(work.sealed, `${participation}.flse`);
}

export function modelFile(work: WorkDirectory, sha256: string): string {
  return join(work.models, `${sha256}.safetensors`);
}
