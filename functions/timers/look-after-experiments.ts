import { roundInstanceId } from '../../shared/contracts/identifiers.ts';
import type { Orchestrations } from '../../shared/ports/orchestrations.ts';
import type { Services } from '../../shared/ports/services.ts';

const minute = 60_000;

/** Starts experiments that a crash left `pending` between the ledger and the engine. */
export async function startStale(services: Services, orchestrations: Orchestrations): Promise<number> {
  const before = services.clock.now() - minute / 2;
  const stale = (await services.experiments.listPending()).filter(
    ({ createdAt }) => Date.parse(createdAt) < before,
  );
  for (const { experimentId } of stale) await orchestrations.startExperiment(experimentId);
  return stale.length;
}

/**
 * Starts experiments again that the ledger calls running and that have no instance: the task hub was lost or replaced.
 * The ledger says where they were. An instance of the present round that lives on will wake or end by itself first.
 */
export async function restartLost(services: Services, orchestrations: Orchestrations): Promise<number> {
  let restarted = 0;
  for (const { id } of await services.catalog.listByStatus(['running'])) {
    if (await orchestrations.isRunning(id)) continue;
    // Read after the instance: one that has just ended has written so before.
    const experiment = await services.experiments.readExperiment(id);
    if (experiment?.status !== 'running') continue;
    const { currentRound } = experiment;
    if (currentRound !== null) {
      const round = roundInstanceId({ experiment: id, ...currentRound });
      if (await orchestrations.isRunning(round)) continue;
    }
    await orchestrations.startExperiment(id);
    restarted += 1;
  }
  return restarted;
}

/** Wakes rounds whose plan expired and that did not move on: an event or a timer of theirs was lost. */
export async function wakeOverdue(services: Services, orchestrations: Orchestrations): Promise<number> {
  const before = services.clock.now() - 2 * minute;
  let woken = 0;
  for (const { id } of await services.catalog.listByStatus(['running'])) {
    const experiment = await services.experiments.readExperiment(id);
    if (experiment?.currentRound === null || experiment?.currentRound === undefined) continue;
    const key = { experiment: id, ...experiment.currentRound };
    const round = await services.experiments.readRound(key);
    if (round === undefined || !['collecting', 'draining'].includes(round.phase)) continue;
    if (Date.parse(round.deadline) > before) continue;
    await orchestrations.wake(roundInstanceId(key), 'quorum');
    await orchestrations.wake(roundInstanceId(key), 'settled');
    woken += 1;
  }
  return woken;
}
