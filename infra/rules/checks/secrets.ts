/** Of files, not of deployments: what must stand in no template, whether or not it is deployed. */
import type { BicepFile, Expression } from '../bicep/syntax.ts';
import { expressionsOf } from '../bicep/walk.ts';
import { isBicep, type Templates } from '../evaluate/templates.ts';
import type { Finding, Rule } from '../rule.ts';

const checklist = '1 Identity';

function filesOf(templates: Templates): BicepFile[] {
  return templates.paths.filter(isBicep).flatMap((path) => templates.file(path) ?? []);
}

function findingsIn(file: BicepFile, wrong: (expression: Expression) => string | undefined): Finding[] {
  return [...expressionsOf(file)].flatMap((expression) => {
    const message = wrong(expression);
    if (message === undefined) return [];
    return [{ place: { path: file.path, start: expression.start, end: expression.end }, message }];
  });
}

/** Functions that return keys, and properties that hold them. */
const keyFunctions = /^list(Keys|AccountSas|ServiceSas|Secrets|AdminKeys|ConnectionStrings|CallbackUrl)?$/i;
const keyMembers =
  /^((primary|secondary)(Key|ConnectionString|MasterKey|ReadonlyMasterKey|AccessKey|SharedKey)|accountKey|sharedAccessKey)$/i;
const keyText = /AccountKey=|SharedAccessKey=|[?&]sig=[\w%]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** 32 bytes or more as base64 with its padding, which names and ids never are. */
const encodedKey = /^[A-Za-z0-9+/]{40,}={1,2}$/;
const secretName = /password|secret|passphrase|accessKey|apiKey|sasToken|connectionString/i;
/** Names a place; who sends there has to be an identity with the right to (insights-no-local-auth). */
const openStrings = ['applicationInsightsConnectionString'];

export const secretRules: readonly Rule[] = [
  {
    id: 'no-key-functions',
    checklist,
    title: 'No template asks Azure for a key.',
    fix: 'Give the identity a role; do not call listKeys and its like.',
    mutations: [
      {
        kind: 'append',
        path: 'infra/modules/ledger.bicep',
        text: 'output something string = account.listKeys().primaryMasterKey',
      },
      {
        kind: 'append',
        path: 'infra/modules/logs.bicep',
        text: "var shared = listKeys(workspace.id, '2023-09-01')",
      },
    ],
    isAboutFiles: true,
    check: ({ templates }) => {
      const files = filesOf(templates);
      const findings = files.flatMap((file) =>
        findingsIn(file, (expression) => {
          if (expression.kind === 'call' && keyFunctions.test(expression.name))
            return `calls ${expression.name}`;
          if (expression.kind === 'member' && keyMembers.test(expression.name))
            return `reads ${expression.name}`;
          return undefined;
        }),
      );
      return { subjects: files.length, findings };
    },
  },
  {
    id: 'no-keys-in-text',
    checklist,
    title: 'No template holds a key.',
    fix: 'Remove it, and count the key as known to everybody.',
    mutations: [
      {
        kind: 'append',
        path: 'infra/modules/logs.bicep',
        text: "var telemetry = 'Zm9ybWFsbHkgYSBrZXkgYnV0IHJlYWxseSBub3QgYSBrZXk='",
      },
    ],
    isAboutFiles: true,
    check: ({ templates }) => {
      const files = filesOf(templates);
      const findings = files.flatMap((file) =>
        findingsIn(file, (expression) => {
          const text = expression.kind === 'literal' ? String(expression.value) : '';
          return keyText.test(text) || encodedKey.test(text) ? 'looks like a key' : undefined;
        }),
      );
      return { subjects: files.length, findings };
    },
  },
  {
    id: 'no-secret-outputs',
    checklist,
    title: 'No output carries a secret: outputs stay in the deployment’s history.',
    fix: 'Remove the output; let whoever needs the value read it with a right of its own.',
    mutations: [
      {
        kind: 'append',
        path: 'infra/modules/logs.bicep',
        text: 'output sharedSecret string = workspace.name',
      },
    ],
    isAboutFiles: true,
    check: ({ templates }) => {
      const outputs = filesOf(templates).flatMap(({ path, declarations }) =>
        declarations.filter(({ kind }) => kind === 'output').map((output) => ({ path, output })),
      );
      const findings = outputs
        .filter(({ output }) => secretName.test(output.name) && !openStrings.includes(output.name))
        .map(({ path, output }) => ({
          place: { path, start: output.start, end: output.end },
          message: `output ${output.name}`,
        }));
      return { subjects: outputs.length, findings };
    },
  },
  {
    id: 'secret-parameters',
    checklist,
    title: 'A parameter that holds a secret is marked so, and has no default.',
    fix: 'Decorate it with @secure() and give it no default; better, do without.',
    mutations: [{ kind: 'append', path: 'infra/modules/logs.bicep', text: "param apiKey string = 'abc'" }],
    isAboutFiles: true,
    check: ({ templates }) => {
      const parameters = filesOf(templates).flatMap(({ path, declarations }) =>
        declarations.flatMap((declaration) => (declaration.kind === 'param' ? [{ path, declaration }] : [])),
      );
      const findings = parameters
        .filter(({ declaration: { name } }) => secretName.test(name) && !openStrings.includes(name))
        .filter(
          ({ declaration: { decorators, value } }) =>
            value !== undefined || !decorators.some(({ name }) => name === 'secure'),
        )
        .map(({ path, declaration: { name, start, end } }) => ({
          place: { path, start, end },
          message: `parameter ${name}`,
        }));
      return { subjects: parameters.length, findings };
    },
  },
];
