// Gives jobs to worker threads, one at a time to each, and resolves to the answers in the order of the jobs.
import { Worker } from 'node:worker_threads';

/**
 * @param {URL} script answers each message with one message
 * @param {{ workerData: unknown, jobs: readonly unknown[], threads: number, done: (job: any, answer: any) => void }} work
 * @returns {Promise<any[]>}
 */
export async function onThreads(script, { workerData, jobs, threads, done }) {
  /** @type {unknown[]} */
  const answers = [];
  let next = 0;
  const one = async () => {
    const worker = new Worker(script, { workerData });
    const failed = new Promise((_, reject) => worker.on('error', reject));
    try {
      while (next < jobs.length) {
        const at = next++;
        const answered = new Promise((resolve) => worker.once('message', resolve));
        worker.postMessage(jobs[at]);
        answers[at] = await Promise.race([answered, failed]);
        done(jobs[at], answers[at]);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, one));
  return answers;
}
