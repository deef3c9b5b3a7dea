import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coordinatorSandboxes, sandboxText } from '../../infra/hooks/use-sandbox.mjs';

const folder = 'infra/sandboxes';
const files = readdirSync(folder);

interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly allowed: readonly string[] | undefined;
}

/** Parameters of a template, with the values that they allow. */
function parametersOf(template: string): Parameter[] {
  const text = readFileSync(template, 'utf8');
  return [...text.matchAll(/(?:@allowed\(\[([^\]]*)\]\)\s+)?^param (\w+) \w+( =)?/gm)].map((match) => ({
    name: match[2] ?? '',
    required: match[3] === undefined,
    allowed: match[1] === undefined ? undefined : [...match[1].matchAll(/[\w-]+/g)].map(([value]) => value),
  }));
}

function sandbox(file: string) {
  const text = readFileSync(join(folder, file), 'utf8');
  const using = /^using '(.+)'$/m.exec(text)?.[1] ?? '';
  const given = [...text.matchAll(/^param (\w+) = (.+)$/gm)].map(([, name = '', value = '']) => ({
    name,
    value,
  }));
  return { text, template: join(folder, using), given };
}

describe('The sandboxes', () => {
  it.each(files)('%s sets parameters that its template has, and all that it requires', (file) => {
    const { template, given } = sandbox(file);
    expect(existsSync(template), template).toBe(true);
    const parameters = parametersOf(template);
    expect(parameters.length).toBeGreaterThan(5);
    const names = given.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(names).toEqual(
      expect.arrayContaining(parameters.filter(({ required }) => required).map(({ name }) => name)),
    );
  });

  it.each(files)('%s gives only values that are allowed', (file) => {
    const { template, given } = sandbox(file);
    for (const { name, allowed } of parametersOf(template)) {
      const literal = /^'(.*)'$|^(\d+)$/.exec(
        given.find((parameter) => parameter.name === name)?.value ?? '',
      );
      if (allowed !== undefined && literal !== null) expect(allowed).toContain(literal[1] ?? literal[2]);
    }
  });

  it.each(files)('%s says what it is for, what it deploys and where its cost is found', (file) => {
    const { text } = sandbox(file);
    for (const word of ['Need:', 'Deploys:', 'About what it costs:']) expect(text).toContain(`// ${word}`);
  });

  it.each(files)('%s loads only files that there are', (file) => {
    const loaded = [...readFileSync(join(folder, file), 'utf8').matchAll(/loadTextContent\('(.+?)'\)/g)];
    for (const [, path = ''] of loaded) expect(existsSync(join(folder, path)), path).toBe(true);
  });

  it('of the coordinator can each be laid beside main.bicep, with the same parameters', () => {
    expect(coordinatorSandboxes()).toEqual([
      'confidential',
      'consortium',
      'minimal',
      'on-premises',
      'private',
      'regional',
    ]);
    for (const name of coordinatorSandboxes()) {
      const text = sandboxText(name);
      expect(text).toContain("\nusing 'main.bicep'\n");
      expect(text.replace("using 'main.bicep'", "using '../main.bicep'")).toBe(
        sandbox(`${name}.bicepparam`).text,
      );
    }
  });

  it('refuse a name that there is not, and say which there are', () => {
    expect(() => sandboxText('../main')).toThrow('There is no sandbox ../main. There are: confidential,');
    const choose = () => execFileSync('node', ['infra/hooks/use-sandbox.mjs'], { stdio: 'pipe' });
    expect(choose).toThrow('There is no sandbox');
    expect(existsSync('infra/main.bicepparam')).toBe(false);
  });
});

describe('Parameter files', () => {
  it.each([
    ['infra/main.parameters.json', 'infra/main.bicep'],
    ['infra/roster/main.parameters.json', 'infra/roster/main.bicep'],
    ['infra/silo/main.parameters.json', 'infra/silo/main.bicep'],
  ])('%s sets parameters of %s, and all that it requires', (file, template) => {
    const { parameters } = JSON.parse(readFileSync(file, 'utf8')) as { parameters: Record<string, unknown> };
    const known = parametersOf(template);
    expect(known.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(parameters)));
    expect(Object.keys(parameters)).toEqual(
      expect.arrayContaining(known.filter(({ required }) => required).map(({ name }) => name)),
    );
    expect(existsSync(dirname(template))).toBe(true);
  });
});
