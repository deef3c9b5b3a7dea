/** Reads `length` bytes at `offset` of a plaintext. Reads past the end are errors, never short. */
export type ReadRange = (offset: number, length: number) => Promise<Buffer>;
