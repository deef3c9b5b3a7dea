// usage: node infra/hooks/use-sandbox.mjs NAME
// Writes infra/main.bicepparam, which azd prefers to main.parameters.json, from infra/sandboxes/NAME.bicepparam.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const infra = new URL('../', import.meta.url);

/** Sandboxes of the coordinator; those of silos and workers have a second word in their names. */
export function coordinatorSandboxes() {
  return readdirSync(new URL('sandboxes/', infra))
    .filter((file) => /^[a-z-]+\.bicepparam$/.test(file))
    .map((file) => file.replace('.bicepparam', ''))
    .sort();
}

/** The text of a sandbox, to lie beside main.bicep. @throws {Error} for a name that there is not */
export function sandboxText(name) {
  const known = coordinatorSandboxes();
  if (!known.includes(name))
    throw new Error(`There is no sandbox ${name ?? ''}. There are: ${known.join(', ')}`);
  const text = readFileSync(new URL(`sandboxes/${name}.bicepparam`, infra), 'utf8');
  return text.replace("using '../main.bicep'", "using 'main.bicep'");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    writeFileSync(new URL('main.bicepparam', infra), sandboxText(process.argv[2]));
    process.stdout.write(`infra/main.bicepparam is now ${process.argv[2]}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
