import type { Command } from 'commander';
import pc from 'picocolors';
import type { ModelView } from '../../shared/contracts/api.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { openSession, type SessionOptions, withConnection } from './session.ts';

/** `tributary model …`: published versions and models to start from. */
export function modelCommand(program: Command): void {
  const noun = program.command('model').description('list, download, verify and upload models');

  withConnection(noun.command('list <experiment>').alias('ls'))
    .description("list an experiment's published versions")
    .action(async (experiment: string, options: SessionOptions) => {
      const { client, say } = openSession(options);
      const models = await client.listModels(experiment);
      const { modelTable } = await import('../output/model-text.ts');
      say.result({ models }, () => modelTable(models));
    });

  withConnection(noun.command('show <experiment> [version]'))
    .description('show one version: where it comes from and how good it is (default latest)')
    .action(async (experiment: string, version: string | undefined, options: SessionOptions) => {
      const { client, say } = openSession(options);
      const model = await client.showModel(experiment, version ?? 'latest');
      const { modelText } = await import('../output/model-text.ts');
      say.result(model, () => modelText(model));
    });

  withConnection(noun.command('download <experiment> [version]'))
    .description('download one version and verify its digest (default latest)')
    .option('-o, --output <file>', 'default EXPERIMENT-vVERSION.safetensors')
    .action(download);

  withConnection(noun.command('verify <file>'))
    .description('compare a file with what the experiment published')
    .requiredOption('--experiment <id>', 'the experiment')
    .option('--version <version>', 'the version that it should be', 'latest')
    .option('--schema', "print the file's tensors, too")
    .action(verify);

  withConnection(noun.command('upload <file>'))
    .description('upload a safetensors file as a model to start from; prints the digest for the spec')
    .action(async (file: string, options: SessionOptions) => {
      const { canonicalModel } = await import('../canonical-model.ts');
      const { content, sha256 } = await canonicalModel(file);
      const { client, say } = openSession(options);
      const uploaded = await client.uploadModel(sha256, content);
      say.result(uploaded, () => uploaded.sha256);
      say.hint(`in the spec: "initialModel": { "kind": "upload", "sha256": "${uploaded.sha256}" }`);
    });
}

async function download(
  experiment: string,
  version: string | undefined,
  options: SessionOptions & { output?: string },
): Promise<void> {
  const { client, profile, say } = openSession(options);
  const model = await client.showModel(experiment, version ?? 'latest');
  const file = options.output ?? `${experiment}-v${model.version}.safetensors`;
  const { contentOf, saveVerified } = await import('../verified-download.ts');
  // By number: `latest` may have moved on since.
  const response = await client.modelContent(experiment, String(model.version));
  await saveVerified(await contentOf(response, profile.local?.caFile), file, model.sha256);
  const { version: number, sha256, bytes } = model;
  say.result({ file, version: number, sha256, bytes }, () => file);
  say.hint(`version ${number}, ${bytes} bytes, sha256 ${sha256} verified`);
}

async function verify(
  file: string,
  options: SessionOptions & { experiment: string; version: string; schema?: boolean },
): Promise<void> {
  const { sha256OfFile } = await import('../verified-download.ts');
  const sha256 = await sha256OfFile(file);
  const { client, say } = openSession(options);
  const model = await client.showModel(options.experiment, options.version);
  if (sha256 !== model.sha256)
    throw await notThat(file, sha256, model, client.listModels(options.experiment));
  const tensors = options.schema === true ? await tensorsOf(file) : undefined;
  const { version, bytes } = model;
  const { tensorTable } = await import('../output/model-text.ts');
  say.result({ verified: true, file, sha256, bytes, version, ...(tensors && { tensors }) }, () => {
    const line = `${pc.green('verified')}  ${file} is version ${version} of ${options.experiment}`;
    return tensors === undefined ? line : `${line}\n\n${tensorTable(tensors)}`;
  });
}

async function tensorsOf(file: string) {
  const { openModelFile } = await import('../canonical-model.ts');
  const opened = await openModelFile(file);
  await opened.close();
  return opened.schema;
}

/** Says, too, when the file is another version of the same experiment. */
async function notThat(
  file: string,
  sha256: string,
  model: ModelView,
  models: Promise<ModelView[]>,
): Promise<CliError> {
  const other = (await models).find((candidate) => candidate.sha256 === sha256);
  const instead =
    other === undefined ? 'no version of this experiment has it' : `it is version ${other.version}`;
  return new CliError({
    slug: 'digest-mismatch',
    detail: `${file} is not version ${model.version}: its SHA-256 is ${sha256}, published was ${model.sha256}; ${instead}.`,
    exitCode: exitCodes.failed,
  });
}
