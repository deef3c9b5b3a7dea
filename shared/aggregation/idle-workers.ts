/**
 * Threads between aggregations. To start one and have its code compiled takes as long as folding a hundred megabytes,
 * so a thread that is done waits a while for the next aggregation. It holds no keys and no updates then.
 */
import { workerEntry } from './deployed-files.ts';
import { startWorker, type WorkerThread } from './worker-thread.ts';

const IDLE_MILLISECONDS = 10_000;

const idle = new Map<WorkerThread, NodeJS.Timeout>();

/** A thread that waits, or a new one. */
export function takeWorker(): WorkerThread {
  for (const [thread, timer] of idle) {
    idle.delete(thread);
    clearTimeout(timer);
    if (!thread.sound()) continue;
    thread.setIdle(false);
    return thread;
  }
  return startWorker(workerEntry());
}

/** Takes a thread back that is sound and has been closed. */
export function giveWorker(thread: WorkerThread): void {
  thread.setIdle(true);
  const expire = (): void => {
    idle.delete(thread);
    void thread.end();
  };
  idle.set(thread, setTimeout(expire, IDLE_MILLISECONDS).unref());
}
