/** What a compiler would say: every name, function, output and parameter that a template uses is there. */
import { dirname, join } from 'node:path/posix';
import type { BicepFile, Expression, Resource } from '../bicep/syntax.ts';
import { expressionsOf, within } from '../bicep/walk.ts';
import { isBicep, type Templates } from '../evaluate/templates.ts';
import { bicepFunctions } from '../known-bicep.ts';
import type { Finding, Rule } from '../rule.ts';

const checklist = '12 Supply';
const namespaces = ['az', 'sys'];

function files(templates: Templates): BicepFile[] {
  return templates.paths.filter(isBicep).flatMap((path) => templates.file(path) ?? []);
}

function declaredIn(file: BicepFile): Set<string> {
  return new Set(file.declarations.filter(({ kind }) => kind !== 'output').map(({ name }) => name));
}

/** Names that an expression uses and that nothing around it declares. */
function unboundIn(expression: Expression, bound: ReadonlySet<string>): Expression[] {
  if (expression.kind === 'name') return bound.has(expression.name) ? [] : [expression];
  if (expression.kind === 'lambda') {
    return unboundIn(expression.body, new Set([...bound, ...expression.parameters]));
  }
  if (expression.kind === 'for') {
    const inner = new Set([
      ...bound,
      expression.item,
      ...(expression.position === undefined ? [] : [expression.position]),
    ]);
    const condition = expression.condition === undefined ? [] : unboundIn(expression.condition, inner);
    return [...unboundIn(expression.over, bound), ...condition, ...unboundIn(expression.body, inner)];
  }
  const [, ...rest] = [...within(expression)];
  const direct = rest.filter((one) => one.kind === 'lambda' || one.kind === 'for');
  const covered = new Set(direct.flatMap((one) => [...within(one)].slice(1)));
  return [
    ...rest.filter((one) => one.kind === 'name' && !bound.has(one.name) && !covered.has(one)),
    ...direct.filter((one) => !covered.has(one)).flatMap((one) => unboundIn(one, bound)),
  ];
}

function roots(file: BicepFile): Expression[] {
  return file.declarations.flatMap((declaration) => {
    const decorators = declaration.decorators.flatMap(({ args }) => args);
    if (declaration.kind === 'resource' || declaration.kind === 'module') {
      const condition = declaration.condition === undefined ? [] : [declaration.condition];
      return [...decorators, ...condition, declaration.body];
    }
    return declaration.value === undefined ? decorators : [...decorators, declaration.value];
  });
}

const at = (path: string, { start, end }: { start: number; end: number }) => ({ path, start, end });

/** `module.outputs.name`, also of one of a loop of modules. */
function outputsUsed(file: BicepFile): { module: string; output: string; expression: Expression }[] {
  return [...expressionsOf(file)].flatMap((expression) => {
    if (expression.kind !== 'member' || expression.of.kind !== 'member' || expression.of.name !== 'outputs')
      return [];
    const base = expression.of.of.kind === 'index' ? expression.of.of.of : expression.of.of;
    return base.kind === 'name' ? [{ module: base.name, output: expression.name, expression }] : [];
  });
}

function resourceNames(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ name, body }) => [
    name,
    ...(body.kind === 'object' ? resourceNames(body.children) : []),
  ]);
}

export const nameRules: readonly Rule[] = [
  {
    id: 'names-exist',
    checklist,
    title: 'Every name that a template uses is declared in it.',
    fix: 'Declare it, or correct the spelling.',
    isAboutFiles: true,
    mutations: [
      { kind: 'append', path: 'infra/modules/logs.bicep', text: 'output region string = locations' },
      {
        kind: 'append',
        path: 'infra/modules/logs.bicep',
        text: "output many array = [for (tag, index) in items(tags): '${tag.key}${indices}']",
      },
    ],
    check({ templates }) {
      const all = files(templates).filter(({ path }) => path.endsWith('.bicep'));
      const findings = all.flatMap((file) => {
        const nested = resourceNames(
          file.declarations.flatMap((declaration) => (declaration.kind === 'resource' ? [declaration] : [])),
        );
        const bound = new Set([...declaredIn(file), ...nested, ...namespaces]);
        return roots(file)
          .flatMap((root) => unboundIn(root, bound))
          .map((name) => ({ place: at(file.path, name), message: 'nothing is called so here' }));
      });
      return { subjects: all.length, findings };
    },
  },
  {
    id: 'functions-exist',
    checklist,
    title: 'Every function that a template calls is one of Bicep’s, or declared in the file.',
    fix: 'Correct the spelling, or add the function to infra/rules/known-bicep.ts after looking it up.',
    isAboutFiles: true,
    mutations: [
      { kind: 'append', path: 'infra/modules/logs.bicep', text: 'output lower string = lowerCase(location)' },
    ],
    check({ templates }) {
      const all = files(templates);
      const findings = all.flatMap((file) =>
        [...expressionsOf(file)].flatMap((expression): Finding[] => {
          if (expression.kind !== 'call' || bicepFunctions.has(expression.name)) return [];
          if (file.declarations.some(({ kind, name }) => kind === 'func' && name === expression.name))
            return [];
          // Those that return keys are told by no-key-functions.
          if (/^list[A-Z]/.test(expression.name)) return [];
          return [{ place: at(file.path, expression), message: `there is no function ${expression.name}` }];
        }),
      );
      return { subjects: all.length, findings };
    },
  },
  {
    id: 'outputs-exist',
    checklist,
    title: 'Every output that a template reads of a module is one of the module’s.',
    fix: 'Add the output to the module, or correct the spelling.',
    isAboutFiles: true,
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/ledger.bicep',
        find: /output endpoint string/,
        by: 'output url string',
      },
    ],
    check({ templates }) {
      const uses = files(templates).flatMap((file) => outputsUsed(file).map((use) => ({ file, ...use })));
      const findings = uses.flatMap(({ file, module, output, expression }): Finding[] => {
        const call = file.declarations.find(({ kind, name }) => kind === 'module' && name === module);
        if (call?.kind !== 'module') return [];
        const target = templates.file(join(dirname(file.path), call.path));
        if (target?.declarations.some(({ kind, name }) => kind === 'output' && name === output) === true)
          return [];
        return [{ place: at(file.path, expression), message: `${call.path} has no output ${output}` }];
      });
      return { subjects: uses.length, findings };
    },
  },
  {
    id: 'nothing-unused',
    checklist,
    title: 'Every parameter and variable of a template is used.',
    fix: 'Remove it.',
    isAboutFiles: true,
    mutations: [{ kind: 'append', path: 'infra/modules/logs.bicep', text: 'var forgotten = 1' }],
    check({ templates }) {
      const all = files(templates).filter(({ path }) => path.endsWith('.bicep'));
      const findings = all.flatMap((file) => {
        const used = new Set(
          [...expressionsOf(file)].flatMap((expression) =>
            expression.kind === 'name' ? [expression.name] : [],
          ),
        );
        return file.declarations
          .filter(({ kind, name }) => (kind === 'param' || kind === 'var') && !used.has(name))
          .map((declaration) => ({
            place: at(file.path, declaration),
            message: `${declaration.name} is not used`,
          }));
      });
      return { subjects: all.length, findings };
    },
  },
  {
    id: 'children-fit-parents',
    checklist,
    title: 'A resource’s parent is of the type that its own type begins with.',
    fix: 'Name the right parent, or the right type.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/ledger.bicep',
        find: /parent: database\n(\s+)name: 'signals'/,
        by: "parent: account\n$1name: 'signals'",
      },
    ],
    check({ deployment }) {
      const children = deployment.instances.filter(({ parent }) => parent !== undefined);
      const findings = children
        .filter(({ type, parent }) => type.slice(0, type.lastIndexOf('/')) !== parent?.type)
        .map(({ type, parent, place }) => ({ place, message: `${type} is no child of ${parent?.type}` }));
      return { subjects: children.length, findings };
    },
  },
];
