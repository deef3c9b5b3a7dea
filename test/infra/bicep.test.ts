import { describe, expect, it } from 'vitest';
import { parseFile } from '../../infra/rules/bicep/parse-file.ts';
import { BicepSyntaxError } from '../../infra/rules/bicep/tokens.ts';
import { expand } from '../../infra/rules/evaluate/deployment.ts';
import { templatesFrom } from '../../infra/rules/evaluate/templates.ts';
import { show } from '../../infra/rules/evaluate/value.ts';
import { grammarErrors } from '../../infra/rules/grammar.ts';

/** What an output of a one-file template comes to. */
function outputOf(source: string): string {
  const templates = templatesFrom(['main.bicep'], () => source);
  const { outputs } = expand(
    { name: 'it', entry: 'main.bicep', isDefault: true, given: new Map() },
    templates,
  );
  const value = outputs.get('o');
  return value === undefined ? 'no output' : show(value);
}

describe('a Bicep file', () => {
  it.each([
    ['member access before conditions', 'var c = { e: 2 }\noutput o int = false ? 1 : c.e', '2'],
    ['operators by their strength', 'output o bool = 1 + 2 * 3 == 7 && !false', 'true'],
    ['interpolation', "var n = 'x'\noutput o string = 'a-${n}-${toUpper(n)}'", "'a-x-X'"],
    ['escapes', "output o string = 'it\\'s'", "'it's'"],
    ['loops with a position', "output o array = [for (x, i) in ['a', 'b']: '${x}${i}']", "['a0', 'b1']"],
    ['lambdas', 'output o array = map([{ n: 1 }], x => x.n)', '[1]'],
    ['spread', 'var a = { b: 1 }\noutput o object = {\n  ...a\n  c: 2\n}', '{b: 1, c: 2}'],
    ['defaults of nothing', "param p string?\noutput o string = p ?? 'd'", "'d'"],
    ['conditions over lines', "param p bool = true\noutput o string = p\n  ? 'yes'\n  : 'no'", "'yes'"],
  ])('is evaluated: %s', (_what, source, expected) => {
    expect(outputOf(source)).toBe(expected);
  });

  it('keeps both branches of a condition that nobody decided', () => {
    expect(outputOf("param p bool\noutput o string = p ? 'a' : 'b'")).toBe("'a' or 'b'");
  });

  it('does not take what only a deployment knows for a value', () => {
    expect(outputOf('output o string = resourceGroup().location')).toBe('resourceGroup().location');
    expect(outputOf("param p string\noutput o bool = p == 'x'")).toBe("p == 'x'");
  });

  it.each([
    ['an open text', "var a = 'b"],
    ['a missing bracket', 'var a = [1'],
    ['no new line', 'var a = 1 var b = 2'],
    ['no value', 'var a ='],
    ['no type', 'resource r = {\n}'],
  ])('with %s is refused with the place', (_what, source) => {
    expect(() => parseFile('main.bicep', source)).toThrow(BicepSyntaxError);
  });

  it('is read by the tree-sitter grammar as well, which names the place of an error', async () => {
    const templates = templatesFrom(['a.bicep', 'b.bicep'], (path) =>
      path === 'a.bicep' ? 'var a = 1\n' : 'var a = = 1\n',
    );
    const errors = await grammarErrors(templates);
    expect(errors.map(({ place }) => place.path)).toEqual(['b.bicep']);
  });
});

describe('modules', () => {
  it('are missed, and not given what they lack or do not know', () => {
    const files: Record<string, string> = {
      'main.bicep':
        "module a 'a.bicep' = {\n  name: 'a'\n  params: {\n    y: 1\n  }\n}\nmodule b 'b.bicep' = {\n  name: 'b'\n}\n",
      'a.bicep': 'param x string\n',
    };
    const templates = templatesFrom(Object.keys(files), (path) => files[path]);
    const { faults } = expand(
      { name: 'it', entry: 'main.bicep', isDefault: true, given: new Map() },
      templates,
    );
    expect(faults.map(({ message }) => message).toSorted()).toEqual([
      'a.bicep has no parameter y',
      'a.bicep is not given its parameter x',
      'b.bicep is not there or does not parse',
    ]);
  });
});
