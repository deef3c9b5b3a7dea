/** Everything that can be said of infra/ without Azure: syntax by two parsers, modules that fit, generated files, rules. */
import { staleFiles } from '../roles/write.ts';
import { allRules } from './all-rules.ts';
import { placeOf } from './bicep/syntax.ts';
import { deploymentsOf } from './deployments.ts';
import { expand } from './evaluate/deployment.ts';
import type { Templates } from './evaluate/templates.ts';
import type { Place } from './evaluate/value.ts';
import { grammarErrors } from './grammar.ts';
import { templatesOf } from './repository.ts';
import { type Failure, runRules } from './run-rules.ts';

export interface Report {
  readonly templates: number;
  readonly deployments: number;
  readonly rules: number;
  readonly failures: readonly (Failure & { readonly line: number })[];
}

/** @param root the checkout's directory, which has to be the working directory for generated files. */
export async function verifyInfra(root: string): Promise<Report> {
  const templates = templatesOf(root);
  const deployments = deploymentsOf(templates).map((wanted) => expand(wanted, templates));
  const syntax = [...templates.syntaxErrors(), ...(await grammarErrors(templates))];
  const failures = [
    ...syntax.map(({ place, message }) =>
      failure('syntax', 'Every template parses.', 'Correct the syntax.', place, message),
    ),
    ...deployments.flatMap(({ faults, name }) =>
      faults.map(({ place, message }) =>
        failure(
          'modules-fit',
          'Modules are there and given their parameters.',
          'Correct the call.',
          place,
          message,
          name,
        ),
      ),
    ),
    ...staleFiles().map((path) =>
      failure(
        'generated',
        'Generated files are those of the table of rights.',
        'Run npm run generate:roles.',
        { path, start: 0, end: 0 },
        'is not what is generated',
      ),
    ),
    ...runRules(allRules, deployments, templates),
  ];
  return {
    templates: templates.paths.length,
    deployments: deployments.length,
    rules: allRules.length,
    failures: failures.map((one) => ({ ...one, line: lineOf(one.place, templates) })),
  };
}

function failure(
  rule: string,
  title: string,
  fix: string,
  place: Place,
  message: string,
  deployment = 'all',
): Failure {
  return { rule, title, fix, place, message, deployment };
}

function lineOf({ path, start }: Place, templates: Templates): number {
  return placeOf(templates.text(path) ?? '', start).line;
}

/** For people: one fault in two lines, where it is and what to do. */
export function describe({ templates, deployments, rules, failures }: Report): string {
  const lines = failures.flatMap(({ rule, title, message, fix, place, line, deployment }) => [
    `${place.path}:${line}: ${rule}: ${message} (${deployment})`,
    `    ${title} ${fix}`,
  ]);
  const last = `${templates} files, ${deployments} deployments, ${rules} rules, ${failures.length} failures`;
  return [...lines, last].join('\n');
}
