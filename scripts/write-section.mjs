// Puts generated text between `<!-- begin NAME -->` and `<!-- end NAME -->` of a page and formats the page.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

export function writeSection(page, name, content) {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for ${name}`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`);
  execFileSync('node_modules/.bin/biome', ['format', '--write', page], { stdio: 'ignore' });
}
