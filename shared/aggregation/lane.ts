import type { Block, BlockBuffers, FoldedBlock, Task } from './fold-task.ts';

/** Bytes of which somebody is the only owner: handing them over leaves nothing behind. */
export type OwnedBytes = Uint8Array<ArrayBuffer>;

/** Where a module of the deployed app is, and what it is given. */
export interface ModuleReference {
  readonly name: string;
  readonly url: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
}

/**
 * One thread that folds. Calls are carried out in the order in which they are made, and need not wait for each other.
 * Byte arrays change hands with a call and come back, possibly as other objects, with its answer.
 */
export interface Lane {
  begin(task: Task, module: ModuleReference | undefined): Promise<void>;
  add(block: Block, updates: readonly number[], ciphertexts: OwnedBytes[]): Promise<OwnedBytes[]>;
  finish(block: Block, buffers: BlockBuffers): Promise<FoldedBlock>;
  /** Forgets keys and ends the thread. */
  close(): Promise<void>;
}
