import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataDirectoryInUse, lockDataDirectory } from '../../../local/core/data-lock.ts';
import { processStart } from '../../../local/core/process-identity.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('a second holder is refused with the pid of the first, until the first lets go', async () => {
  const directory = await temporaryDirectory();
  const lock = lockDataDirectory(directory);
  expect(() => lockDataDirectory(directory)).toThrow(DataDirectoryInUse);
  expect(() => lockDataDirectory(directory)).toThrow(`in use by process ${process.pid}`);
  lock.release();
  lockDataDirectory(directory).release();
  expect(await readdir(directory)).toEqual(['lock.2']);
});

test('a running process keeps its lock and a killed one loses it, reaped or not', async () => {
  const directory = await temporaryDirectory();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  await writeFile(join(directory, 'lock.5'), JSON.stringify({ pid, start: processStart(pid) }));
  expect(() => lockDataDirectory(directory)).toThrow(`in use by process ${pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = lockDataDirectory(directory);
  expect(await readdir(directory)).toEqual(['lock.6']);
  lock.release();
});

test('a pid that another process got meanwhile does not keep a dead holder alive', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'lock.1'), JSON.stringify({ pid: process.ppid, start: 'other-boot:12' }));
  lockDataDirectory(directory).release();
});

test('a lock file that a power cut left empty or garbled is taken over', async () => {
  for (const content of ['', '{"pid":', '[]', '{"pid":"1"}']) {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'lock.3'), content);
    lockDataDirectory(directory).release();
    expect(await readdir(directory)).toEqual(['lock.4']);
  }
});
