/** Every activity, for registration. */
import { aggregateRoundActivity } from './aggregate-round.ts';
import { chooseStepActivity } from './choose-step.ts';
import { closeRoundActivity } from './close-round.ts';
import { dispatchRoundActivity } from './dispatch-round.ts';
import { failRoundActivity } from './fail-round.ts';
import { finishExperimentActivity } from './finish-experiment.ts';
import { openRoundActivity } from './open-round.ts';
import { publishModelActivity } from './publish-model.ts';
import { drainRoundActivity, readRoundActivity } from './read-round.ts';
import { recordMetricsActivity } from './record-metrics.ts';

export const activities = [
  chooseStepActivity,
  openRoundActivity,
  dispatchRoundActivity,
  readRoundActivity,
  drainRoundActivity,
  closeRoundActivity,
  recordMetricsActivity,
  aggregateRoundActivity,
  publishModelActivity,
  failRoundActivity,
  finishExperimentActivity,
] as const;
