import type { Block, Partials, Task } from './fold-task.ts';

/**
 * Bytes in memory that threads share. By agreement they belong to one side at a time: to the lane from a call until its
 * answer, else to the caller. Shared memory changes hands for nothing; detaching and attaching buffers cost as much
 * here as folding them.
 */
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

/** The base's bytes of a block, which become the next model's, and the state's; empty where there is none. */
export interface BlockBuffers {
  readonly model: SharedBytes;
  readonly m: SharedBytes;
  readonly v: SharedBytes;
}

/** Where a module of the deployed app is, and what it is given. */
export interface ModuleReference {
  readonly name: string;
  readonly url: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
}

/**
 * One thread that folds. Calls are carried out in the order in which they are made, and need not wait for each other.
 */
export interface Lane {
  begin(task: Task, module: ModuleReference | undefined): Promise<void>;
  add(block: Block, updates: readonly number[], ciphertexts: readonly SharedBytes[]): Promise<void>;
  /** Ends a block; a fold overwrites `buffers` with the next model's and the state's bytes. Answers {@link Partials}. */
  finish(block: Block, buffers: BlockBuffers): Promise<Partials>;
  /** Forgets keys and ends the thread. */
  close(): Promise<void>;
}
