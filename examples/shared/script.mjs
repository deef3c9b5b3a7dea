import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Runs `main` when node was started with this module, not when another program imports it. The name is compared too,
 * so that a bundle that swallowed the module does not run it. An error ends the process with one line on stderr.
 * @param {string} moduleUrl the module's `import.meta.url`
 * @param {string} name the module's file name
 * @param {() => void} main
 * @param {(error: unknown) => number} [exitCodeOf]
 */
export function runAsScript(moduleUrl, name, main, exitCodeOf = () => 1) {
  const started = process.argv[1];
  if (started === undefined || basename(started) !== name) return;
  if (realpathSync(started) !== fileURLToPath(moduleUrl)) return;
  try {
    main();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
