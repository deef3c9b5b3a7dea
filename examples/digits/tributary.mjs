// The command line of Tributary, called as a user would.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What to end when this process ends. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Runs one command to its end.
 * @param {readonly string[]} args
 * @param {string} [stdin]
 * @returns {Promise<any>} the one JSON document that it prints; rejects with its detail when it fails
 */
export function tributary(args, stdin = '') {
  const child = spawn(process.execPath, [command, ...args, '--json'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.on('data', (text) => {
    printed += text;
  });
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const answer = printed === '' ? {} : JSON.parse(printed);
      if (code === 0) resolve(answer);
      else
        reject(new Error(`tributary ${args.slice(0, 2).join(' ')}: ${answer.detail ?? `exit code ${code}`}`));
    });
  });
}

/**
 * Starts a command that stays, until `stop` is called or this process ends.
 * @param {readonly string[]} args
 * @param {{ untilItPrints: boolean }} options wait for its first line on stdout
 */
export async function stay(args, { untilItPrints }) {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  running.add(child);
  child.once('close', () => running.delete(child));
  if (untilItPrints) {
    const line = new Promise((resolve) => child.stdout.once('data', resolve));
    const first = await Promise.race([line, ended.then(() => undefined)]);
    if (first === undefined) throw new Error(`tributary ${args[0]} did not start`);
  } else child.stdout.resume();
  return { stop };
}
