import { describe, expect, it } from 'vitest';
import { compileRoute, matchRoute } from '../../../local/functions-host/routes.ts';

describe('a route', () => {
  it.each([
    ['api/experiments/{id}', '/api/experiments/exp-1', { id: 'exp-1' }],
    ['api/experiments/{id}/', '/API/Experiments/x/', { id: 'x' }],
    ['a/{b?}', '/a', {}],
    ['a/{n:int}', '/a/-12', { n: '-12' }],
    ['a/{*rest}', '/a/b/c%2Fd', { rest: 'b/c/d' }],
    ['a/{*rest}', '/a', {}],
    ['a/{g:guid}', '/a/00000000-0000-0000-0000-00000000000a', { g: '00000000-0000-0000-0000-00000000000a' }],
    ['a.b/{x}', '/a.b/1', { x: '1' }],
  ])('%s matches %s', (template, path, parameters) => {
    expect(matchRoute(compileRoute(template), path)).toEqual(parameters);
  });

  it.each([
    ['a/{n:int}', '/a/x'],
    ['a/{b}', '/a'],
    ['a/{b}', '/a/b/c'],
    ['a.b', '/axb'],
    ['a/{b}', '/a/%E0%A4%A'],
  ])('%s does not match %s', (template, path) => {
    expect(matchRoute(compileRoute(template), path)).toBeUndefined();
  });

  it.each(['a/x{b}', 'a/{b:regex(x)}', 'a/{1b}'])('%s is refused instead of never matching', (template) => {
    expect(() => compileRoute(template)).toThrow(/not supported/);
  });
});
