import type { DurableClient } from 'durable-functions';
import { experimentOrchestration } from '../orchestrations/experiment.ts';
import type { Orchestrations } from '../shared/ports/orchestrations.ts';

const ended = new Set<string>(['Completed', 'Failed', 'Terminated', 'Canceled']);

/** The durable client binding as handlers see it. */
export function durableOrchestrations(client: DurableClient): Orchestrations {
  const status = (instanceId: string) => client.getStatus(instanceId).catch(() => undefined);
  return {
    async startExperiment(experiment) {
      const input = { experiment, round: 0, attempt: 1 };
      try {
        await client.startNew(experimentOrchestration.name, { instanceId: experiment, input });
      } catch (error) {
        // Started before: by an earlier try of the same request, or by the timer that looks after stale starts.
        if ((await status(experiment)) === undefined) throw error;
      }
    },
    async wake(instanceId, event) {
      try {
        await client.raiseEvent(instanceId, event, {});
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    },
    async isRunning(instanceId) {
      try {
        const { runtimeStatus } = await client.getStatus(instanceId);
        return !ended.has(runtimeStatus);
      } catch (error) {
        if (isUnknown(error)) return false;
        throw error;
      }
    },
    async status(instanceId) {
      return (await status(instanceId))?.customStatus;
    },
  };
}

/** No such instance (404). The client says so in words only; a finished one (410) it takes for woken. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('No instance with ID');
}

/** No such instance, as `getStatus` says it: in words only, too. */
function isUnknown(error: unknown): boolean {
  return error instanceof Error && error.message.includes('replied with HTTP 404');
}
