import { roundInstanceId } from '../../shared/contracts/identifiers.ts';
import { json, problem } from './answers.ts';
import type { Handle } from './endpoint.ts';
import { requireExperiment } from './show-experiment.ts';

const ended = ['completed', 'failed', 'cancelled'];

/**
 * `POST /api/experiments/{id}/{cancel|suspend|resume}`. The wish goes into the ledger, then the instances are woken.
 * Cancel is sticky and takes effect at the next conditional step; suspend takes effect at the round's end.
 */
function control(verb: 'cancel' | 'suspend' | 'resume'): Handle {
  return async ({ request, caller, services, orchestrations }) => {
    const { experimentId: id } = await requireExperiment(request.params['id'], services);
    const document = await services.experiments.updateExperiment(id, (present) => {
      if (ended.includes(present.status) || present.requested === 'cancel') return undefined;
      return { ...present, requested: verb === 'resume' ? null : verb };
    });
    if (ended.includes(document.status)) {
      return problem(409, 'wrong-state', `The experiment is ${document.status} already.`);
    }
    if (document.requested === 'cancel' && verb !== 'cancel') {
      return problem(409, 'wrong-state', 'The experiment is being cancelled; that cannot be taken back.');
    }
    const now = new Date(services.clock.now()).toISOString();
    await services.audit.append({
      id: `control.${now}.${verb}`,
      experimentId: id,
      at: now,
      actor: caller.name,
      action: `experiment-${verb}`,
      outcome: 'done',
      slug: null,
      detail: `${caller.name} asked to ${verb} the experiment`,
      participation: null,
      messageDigest: null,
    });
    if (verb === 'cancel' && document.currentRound !== null) {
      const round = roundInstanceId({ experiment: id, ...document.currentRound });
      await orchestrations.wake(round, 'quorum');
      await orchestrations.wake(round, 'settled');
    }
    await orchestrations.wake(id, 'control');
    return json(202, { experiment: id, requested: document.requested });
  };
}

export const cancelExperiment = control('cancel');
export const suspendExperiment = control('suspend');
export const resumeExperiment = control('resume');
