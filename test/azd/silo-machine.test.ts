import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';

const read = (path: string): string => readFileSync(path, 'utf8');

describe("A silo's machine", () => {
  const cloudInit = read('infra/silo/cloud-init.yaml');
  const template = read('infra/silo/modules/agent-vm.bicep');

  it('is given every name that its first start leaves open, and no other', () => {
    const open = new Set([...cloudInit.matchAll(/__[A-Z0-9_]+__/g)].map(([name]) => name));
    const filled = new Set([...template.matchAll(/'(__[A-Z0-9_]+__)'/g)].map(([, name]) => name));
    expect(open.size).toBeGreaterThan(3);
    expect(filled).toEqual(open);
  });

  it('installs the archive only after its digest was checked, over HTTPS, and starts the unit that there is', () => {
    const described = z
      .object({
        write_files: z.array(z.object({ path: z.string(), content: z.string(), permissions: z.string() })),
        runcmd: z.array(z.array(z.string())),
      })
      .parse(parse(cloudInit));
    const installer = described.write_files.find(({ path }) => path === described.runcmd[0]?.[0]);
    const text = installer?.content ?? '';
    const places = ["--proto '=https'", 'sha256sum --check', 'tar --extract', 'systemctl enable --now'];
    expect(places.map((part) => text.indexOf(part))).not.toContain(-1);
    expect(places.map((part) => text.indexOf(part))).toEqual(
      places.map((part) => text.indexOf(part)).toSorted((a, b) => a - b),
    );
    expect(text).toContain('set -eu');
    expect(text).toContain('tributary-agent.service');
    expect(existsSync('infra/agent/tributary-agent.service')).toBe(true);
    expect(read('infra/agent/tributary-agent.service')).toContain('/etc/tributary/silo.yaml');
    const secretFile = described.write_files.find(({ path }) => path.endsWith('agent.env'));
    expect(secretFile?.permissions).toBe('0600');
  });
});

describe('The agent on Kubernetes', () => {
  const documents = parseAllDocuments(read('infra/silo/kubernetes/agent.yaml')).map(
    (document) => document.toJS() as { kind: string; spec?: unknown; metadata: { name: string } },
  );
  const workload = z
    .object({
      replicas: z.literal(1),
      template: z.object({
        spec: z.object({
          serviceAccountName: z.string(),
          securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.number() }),
          containers: z.tuple([
            z.object({
              image: z.string().regex(/@sha256:[0-9a-f]{64}$/),
              args: z.array(z.string()),
              securityContext: z.object({
                allowPrivilegeEscalation: z.literal(false),
                readOnlyRootFilesystem: z.literal(true),
                capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
              }),
              volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
            }),
          ]),
        }),
      }),
      volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
    })
    .parse(documents.find(({ kind }) => kind === 'StatefulSet')?.spec);
  const [container] = workload.template.spec.containers;

  it('is one unprivileged replica whose work directory outlives it', () => {
    const work = container.volumeMounts.find(({ mountPath }) => mountPath === '/var/lib/tributary');
    expect(workload.volumeClaimTemplates.map(({ metadata }) => metadata.name)).toContain(work?.name);
  });

  it('runs as the user and with the arguments of the image', () => {
    const dockerfile = read('infra/agent/Dockerfile');
    expect(dockerfile).toContain(`USER ${workload.template.spec.securityContext.runAsUser}`);
    expect(dockerfile).toContain(
      `CMD [${container.args.map((argument) => JSON.stringify(argument)).join(', ')}]`,
    );
  });

  it('is the service account whose tokens infra/silo trusts', () => {
    const namespace = documents.find(({ kind }) => kind === 'Namespace')?.metadata.name;
    expect(read('infra/silo/main.bicep')).toContain(
      `'system:serviceaccount:${namespace}:${workload.template.spec.serviceAccountName}'`,
    );
  });

  it('lets nothing connect to it', () => {
    const policy = documents.find(({ kind }) => kind === 'NetworkPolicy')?.spec;
    expect(policy).toMatchObject({ podSelector: {}, ingress: [], policyTypes: ['Ingress', 'Egress'] });
  });
});

describe('What people have to put in', () => {
  it('is an output, a setting of azd, or explained on the page about provisioning or in the file itself', () => {
    const outputs = [...read('infra/main.bicep').matchAll(/^output (\w+) /gm)].map(([, name]) => name);
    const page = read('docs/provisioning.md');
    for (const file of readdirSync('infra/sandboxes')) {
      const text = read(`infra/sandboxes/${file}`);
      const asked = [...text.matchAll(/readEnvironmentVariable\('(\w+)'/g)].map(([, name = '']) => name);
      expect(asked.length, file).toBeGreaterThan(0);
      for (const name of asked) {
        expect(outputs.includes(name) || page.includes(name), `${file}: ${name} is explained nowhere`).toBe(
          true,
        );
      }
    }
  });

  it('is no secret: no template has a secure parameter, asks for a key or hands one out', () => {
    const files = readdirSync('infra', { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.bicep(param)?$/.test(file),
    );
    expect(files.length).toBeGreaterThan(25);
    for (const file of files) {
      expect(read(`infra/${file}`), file).not.toMatch(/@secure\(|list[A-Z]\w*\(|AccountKey=|SharedAccessKey/);
    }
  });
});
