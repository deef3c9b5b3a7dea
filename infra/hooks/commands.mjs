// Runs the command-line tools that the hooks need. Nothing they print is kept but what is asked for.
import { execFileSync } from 'node:child_process';

/**
 * Runs a program and answers what it printed.
 * @param {string} program `az` or `azd`
 * @param {readonly string[]} parameters
 * @returns {string}
 * @throws {Error} with what the program said, when it is missing or fails
 */
export function run(program, parameters) {
  try {
    // On Windows both are .cmd files, which only a shell starts; no parameter here comes from outside.
    const shell = process.platform === 'win32';
    return execFileSync(program, parameters, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      shell,
    }).trim();
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`${program} is not installed, or not on the path.`);
    throw new Error(
      `${program} ${parameters.slice(0, 3).join(' ')} failed: ${String(error.stderr ?? error.message).trim()}`,
    );
  }
}
