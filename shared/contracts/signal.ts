import * as z from 'zod';
import { attemptNumber, experimentId, roundNumber, siloId } from './identifiers.ts';

/** Progress and liveness of a task: unsigned, advisory, short-lived; decides nothing. */
export const signal = z.strictObject({
  kind: z.literal('signal'),
  exp: experimentId,
  round: roundNumber,
  attempt: attemptNumber,
  silo: siloId,
  stage: z.enum(['received', 'downloading', 'training', 'sealing', 'uploading', 'submitted']),
  /** Share of the stage that is done, where known. */
  progress: z.number().min(0).max(1).optional(),
  agent: z.string().max(40).optional(),
});
export type Signal = z.infer<typeof signal>;
