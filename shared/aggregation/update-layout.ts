import type { FloeOpener } from '../sealing/floe.ts';
import type { Block } from './fold-task.ts';
import type { ColumnReader } from './open-columns.ts';

/** Where the columns of a model lie in its sealed updates. */
export interface UpdateLayout {
  readonly encoded: boolean;
  /** Which segments hold a block, and which bytes of a ciphertext they are. */
  readonly ciphertextRange: (block: Block) => {
    readonly firstSegment: number;
    readonly offset: number;
    readonly bytes: number;
  };
  /** Reads a block of one update, in the model's dtypes, out of the ciphertext of that range. */
  readonly reader: (sealed: SealedBlock) => ColumnReader;
}

export interface SealedBlock {
  readonly block: Block;
  readonly opener: FloeOpener;
  readonly update: number;
  readonly ciphertext: Uint8Array;
}
