import type { RetryOptions } from './actions.ts';

export type TaskState = 'running' | 'completed' | 'failed';

/** A task as the host sees it; settling it tells the task that contains it. */
export class TaskNode {
  state: TaskState = 'running';
  readonly parent: TaskNode | undefined;
  constructor(parent: TaskNode | undefined) {
    this.parent = parent;
  }
  settle(state: 'completed' | 'failed'): void {
    if (this.state !== 'running') return;
    this.state = state;
    this.parent?.childSettled(this);
  }
  childSettled(_child: TaskNode): void {}
}

/** Task.all completes when all its children have settled; Task.any when one has. */
export class Compound extends TaskNode {
  readonly #rule: 'all' | 'any';
  readonly #size: number;
  #settled = 0;
  #failed = false;
  #sealed = false;
  constructor(parent: TaskNode | undefined, rule: 'all' | 'any', size: number) {
    super(parent);
    this.#rule = rule;
    this.#size = size;
  }
  override childSettled(child: TaskNode): void {
    this.#settled++;
    if (child.state === 'failed') this.#failed = true;
    this.#check();
  }
  /** Children may settle while they are still being started; only a sealed compound completes. */
  seal(): void {
    this.#sealed = true;
    this.#check();
  }
  #check(): void {
    if (!this.#sealed) return;
    if (this.#settled >= (this.#rule === 'any' ? 1 : this.#size)) {
      this.settle(this.#failed ? 'failed' : 'completed');
    }
  }
}

export interface RetryHost {
  readonly now: () => Date;
  readonly attempt: (node: TaskNode, first: boolean) => void;
  readonly timer: (node: TaskNode, fireAt: Date) => void;
  readonly ended: () => void;
}

const sixDays = 6 * 24 * 3_600_000;

/** The wait before attempt `attempt + 1`, in milliseconds. */
export function retryDelay(options: RetryOptions, attempt: number): number {
  const grown = options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** (attempt - 1);
  return Math.min(grown, options.maxRetryIntervalInMilliseconds ?? sixDays);
}

/** A call with a retry policy: attempt, timer, attempt, ... and one timer more after the last failure. */
export class Retry extends TaskNode {
  readonly #options: RetryOptions;
  readonly #host: RetryHost;
  #attempt = 1;
  #waiting = false;
  #exhausted = false;
  constructor(parent: TaskNode | undefined, options: RetryOptions, host: RetryHost) {
    super(parent);
    this.#options = options;
    this.#host = host;
    host.attempt(this, true);
  }
  override settle(state: 'completed' | 'failed'): void {
    if (this.state === 'running') this.#host.ended();
    super.settle(state);
  }
  override childSettled(child: TaskNode): void {
    if (this.#waiting) {
      this.#waiting = false;
      if (this.#exhausted) {
        this.settle('failed');
        return;
      }
      this.#attempt++;
      this.#host.attempt(this, false);
      return;
    }
    if (child.state === 'completed') {
      this.settle('completed');
      return;
    }
    this.#exhausted = this.#attempt >= this.#options.maxNumberOfAttempts;
    const delay = this.#exhausted ? 0 : retryDelay(this.#options, this.#attempt);
    this.#waiting = true;
    this.#host.timer(this, new Date(this.#host.now().getTime() + delay));
  }
}
