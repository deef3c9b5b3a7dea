// One thread of scripts/attacks.mjs: makes one job after the other.
import { parentPort, workerData } from 'node:worker_threads';

const { runJob } = await import(workerData.bundle);
parentPort?.on('message', async (job) => parentPort?.postMessage(await runJob(job)));
