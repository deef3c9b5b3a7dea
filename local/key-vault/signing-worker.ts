// The thread that signs and verifies. It is sent keys, keeps none, and tells nothing of them when it fails.
import { parentPort } from 'node:worker_threads';
import { runDigestTask } from './digest-task.ts';
import type { SigningAnswer, SigningRequest } from './signing-thread.ts';

parentPort?.on('message', ({ id, task }: SigningRequest) => {
  let answer: SigningAnswer;
  try {
    answer = { id, result: runDigestTask(task) };
  } catch (error) {
    answer = { id, failed: error instanceof Error ? error.name : 'unknown error' };
  }
  parentPort?.postMessage(answer);
});
