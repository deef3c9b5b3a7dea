/** What stands around the templates: azure.yaml, parameter files, the workflow that deploys. */
import { parse } from 'yaml';
import * as z from 'zod';
import type { Parameter } from '../bicep/syntax.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import type { Templates } from '../evaluate/templates.ts';
import { known } from '../evaluate/value.ts';
import { usedBy } from '../parameter-files.ts';
import type { Finding, Rule } from '../rule.ts';

const checklist = '12 Supply';
const workflow = '.github/workflows/azure-dev.yml';

const command = z.strictObject({
  shell: z.enum(['sh', 'pwsh']),
  run: z.string().min(1),
  interactive: z.boolean().optional(),
  continueOnError: z.boolean().optional(),
});
const hook = z.strictObject({ posix: command, windows: command });
const phases = ['provision', 'package', 'deploy', 'down', 'up', 'restore', 'build'] as const;
const hookNames = phases.flatMap((phase) => [`pre${phase}`, `post${phase}`]);

/** The part of azd's published schema of azure.yaml that a Functions project uses. */
const azureYaml = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*[a-z0-9]$/),
  metadata: z.strictObject({ template: z.string().regex(/^[\w-]+@\d+\.\d+\.\d+/) }),
  infra: z.strictObject({ provider: z.literal('bicep'), path: z.string(), module: z.string() }).optional(),
  services: z.record(
    z.string(),
    z.strictObject({
      project: z.string().startsWith('./'),
      language: z.enum(['js', 'ts']),
      host: z.literal('function'),
      dist: z.string().optional(),
    }),
  ),
  hooks: z.partialRecord(z.enum(hookNames), hook).optional(),
  pipeline: z.strictObject({ provider: z.enum(['github', 'azdo']) }).optional(),
});

function azureYamlFaults(templates: Templates): string[] {
  const parsed = azureYaml.safeParse(parse(templates.text('azure.yaml') ?? ''));
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'azure.yaml'}: ${message}`);
  }
  const { hooks = {}, infra, services } = parsed.data;
  const scripts = Object.values(hooks).flatMap((one) =>
    (one === undefined ? [] : [one.posix, one.windows]).flatMap(
      ({ run }) => /^node (\S+)/.exec(run)?.[1] ?? [],
    ),
  );
  const template = `${infra?.path ?? 'infra'}/${infra?.module ?? 'main'}.bicep`;
  const tagged = templates.paths.some((path) =>
    Object.keys(services).every((name) => templates.text(path)?.includes(`'azd-service-name': '${name}'`)),
  );
  return [
    ...scripts.filter((path) => templates.text(path) === undefined).map((path) => `no script ${path}`),
    ...(templates.text(template) === undefined ? [`no template ${template}`] : []),
    ...(tagged ? [] : ['no resource has the tag azd-service-name of a service']),
  ];
}

function isRequired({ value, type }: Parameter): boolean {
  return value === undefined && type?.text.endsWith('?') !== true;
}

export const fileRules: readonly Rule[] = [
  {
    id: 'azure-yaml',
    checklist,
    title: 'azure.yaml has the shape that azd reads, and names scripts and templates that exist.',
    fix: 'Correct it by azd’s schema of azure.yaml.',
    isAboutFiles: true,
    mutations: [
      { kind: 'replace', path: 'azure.yaml', find: /host: function/, by: 'host: functions' },
      { kind: 'replace', path: 'azure.yaml', find: /preprovision\.mjs/, by: 'pre-provision.mjs' },
      { kind: 'replace', path: 'azure.yaml', find: / {2}api:/, by: '  web:' },
    ],
    check({ templates }) {
      const place = { path: 'azure.yaml', start: 0, end: 0 };
      return { subjects: 1, findings: azureYamlFaults(templates).map((message) => ({ place, message })) };
    },
  },
  {
    id: 'parameter-files',
    checklist,
    title:
      'Every parameter file gives what its template asks for, and nothing that it does not know or allow.',
    fix: 'Add, remove or correct the parameter.',
    isAboutFiles: true,
    mutations: [
      {
        kind: 'replace',
        path: 'infra/sandboxes/private.bicepparam',
        find: /param apiClientId = .*\n/,
        by: '',
      },
      {
        kind: 'replace',
        path: 'infra/sandboxes/private.bicepparam',
        find: /param durableBackend = 'dts'/,
        by: "param durableBackend = 'netherite'",
      },
    ],
    check({ templates }) {
      const uses = usedBy(templates);
      const findings = uses.flatMap(({ path, template, given }): Finding[] => {
        const place = { path, start: 0, end: 0 };
        const parameters = (templates.file(template)?.declarations ?? []).flatMap((declaration) =>
          declaration.kind === 'param' ? [declaration] : [],
        );
        const names = new Set(parameters.map(({ name }) => name));
        return [
          ...[...given.keys()]
            .filter((name) => !names.has(name))
            .map((name) => ({ place, message: `${template} has no parameter ${name}` })),
          ...parameters.flatMap((parameter) => {
            const value = given.get(parameter.name);
            if (value === undefined) {
              return isRequired(parameter) ? [{ place, message: `does not give ${parameter.name}` }] : [];
            }
            const [list] = parameter.decorators.find(({ name }) => name === 'allowed')?.args ?? [];
            const allowed =
              list === undefined ? undefined : evaluate(list, { path, lookup: () => undefined });
            const chosen = known(value);
            const isAllowed =
              allowed?.kind !== 'array' || chosen === undefined || allowed.items.map(known).includes(chosen);
            return isAllowed ? [] : [{ place, message: `${parameter.name} may not be ${String(chosen)}` }];
          }),
        ];
      });
      return { subjects: uses.length, findings };
    },
  },
  {
    id: 'workflow-without-secrets',
    checklist: '1 Identity',
    title: 'The workflow that deploys signs in by OpenID Connect and reads no secret.',
    fix: 'Give the job id-token: write, and use azd auth login --federated-credential-provider.',
    isAboutFiles: true,
    mutations: [
      { kind: 'replace', path: workflow, find: /id-token: write/, by: 'id-token: none' },
      { kind: 'replace', path: workflow, find: /vars\.AZURE_CLIENT_ID/, by: 'secrets.AZURE_CREDENTIALS' },
    ],
    check({ templates }) {
      const text = templates.text(workflow) ?? '';
      const place = { path: workflow, start: 0, end: 0 };
      const isRight = text.includes('id-token: write') && !/secrets\.|client-secret/i.test(text);
      return {
        subjects: 1,
        findings: isRight ? [] : [{ place, message: 'it reads a secret, or cannot sign in' }],
      };
    },
  },
];
