import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { filesUnder, repositoryRoot } from './repository.ts';

const folders = ['docs', 'infra', 'local', 'examples'];
const documents = [
  ...readdirSync(repositoryRoot)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(repositoryRoot, name)),
  ...folders.flatMap((folder) => filesUnder(folder, '.md')),
];

/** Documents that others write beside these; a link to one of them holds as soon as it is there. */
const toCome = ['README.md', 'CONTRIBUTING.md', 'docs/cli.md'];

/** The anchor that a heading gets: lower case, words joined by dashes, punctuation dropped. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function anchorsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
}

/** What is wrong with a link, or undefined. Links to the web are nobody's business here. */
function faultOf(document: string, link: string): string | undefined {
  if (/^[a-z]+:/i.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : resolve(dirname(document), path);
  const name = relative(repositoryRoot, target);
  if (name.startsWith('..')) return `leads out of the repository: ${link}`;
  if (toCome.includes(name) && !existsSync(target)) return undefined;
  if (!existsSync(target)) return `leads nowhere: ${link}`;
  if (anchor === undefined || statSync(target).isDirectory() || !target.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? undefined : `has no such heading: ${link}`;
}

it('every link between documents and files leads somewhere', () => {
  let seen = 0;
  const faults = documents.flatMap((document) => {
    const text = readFileSync(document, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    seen += links.length;
    return links.flatMap((link) => {
      const fault = faultOf(document, link);
      return fault === undefined ? [] : [`${relative(repositoryRoot, document)}: ${fault}`];
    });
  });
  expect(faults).toEqual([]);
  expect(seen).toBeGreaterThan(100);
});
