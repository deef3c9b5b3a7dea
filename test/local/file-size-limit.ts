import { execFileSync, spawnSync } from 'node:child_process';

/**
 * Lets no file of the process grow past `bytes`, as a full disk would; `unlimited` gives the room back. It is a soft
 * limit, so that its owner may raise it again, whoever runs the tests.
 */
export function limitFileSize(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`]);
}

/** Why a disk cannot be made full here, or undefined where it can. */
export function whyNoFullDisk(): string | undefined {
  const { status } = spawnSync('prlimit', ['--version']);
  return status === 0 ? undefined : 'prlimit of util-linux is not here';
}
