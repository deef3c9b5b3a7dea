/** Entry of a worker thread. */
import { parentPort } from 'node:worker_threads';
import { serveRequests } from './serve-requests.ts';

if (parentPort === null) throw new Error('this file runs in a worker thread');
serveRequests(parentPort);
