/** ASP.NET-like route templates: `{x}`, `{x?}`, `{x:int}`, `{x:guid}`, `{*rest}`; matching ignores case. */
export interface Route {
  readonly pattern: RegExp;
  readonly names: readonly string[];
  /** Sorts before a route with a greater one: literals before parameters before catch-alls. */
  readonly rank: string;
}

const parameter = /^\{(\*{0,2})([A-Za-z_]\w*)(?::([a-z]+)(?:\([^)]*\))?)?(\?)?\}$/;

const constraints: Readonly<Record<string, string>> = {
  int: '-?\\d+',
  long: '-?\\d+',
  guid: '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
  alpha: '[A-Za-z]+',
  bool: '(?:true|false)',
};

/** Throws on templates that it does not understand: an unmatched route would be silently unreachable. */
export function compileRoute(template: string): Route {
  const names: string[] = [];
  let rank = '';
  const segments = template.split('/').filter((segment) => segment !== '');
  const source = segments.map((segment) => {
    if (!segment.includes('{')) {
      rank += '0';
      return `/${segment.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
    }
    const match = parameter.exec(segment);
    const name = match?.[2];
    if (!match || name === undefined) throw new Error(`the route segment '${segment}' is not supported`);
    const [, star, , constraint, optional] = match;
    const allowed = constraint === undefined ? '[^/]+' : constraints[constraint];
    if (allowed === undefined) throw new Error(`the route constraint '${constraint}' is not supported`);
    names.push(name);
    if (star) {
      rank += '3';
      return '(?:/(.*))?';
    }
    rank += optional ? '2' : '1';
    return optional ? `(?:/(${allowed}))?` : `/(${allowed})`;
  });
  return { pattern: new RegExp(`^${source.join('')}/?$`, 'i'), names, rank };
}

/** The route's parameters, decoded, or undefined when the path does not match. */
export function matchRoute(route: Route, path: string): Record<string, string> | undefined {
  const match = route.pattern.exec(path);
  if (!match) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of route.names.entries()) {
    const value = match[index + 1];
    if (value === undefined) continue;
    const decoded = decodeSegment(value);
    if (decoded === undefined) return undefined;
    parameters[name] = decoded;
  }
  return parameters;
}

/** undefined for malformed percent-encoding. */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
