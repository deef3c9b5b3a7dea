import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file so that a reader, or a crash, sees the old content or the new, never half of it.
 * @param {string} file its folder is made when missing
 * @param {string | Uint8Array} content
 */
export function writeWhole(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.tmp`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, file);
}

/**
 * @param {string} file
 * @param {unknown} value
 */
export function writeJson(file, value) {
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
}
