/** How updates become the next model, as an experiment's specification says it. docs/strategies.md explains each. */
import * as z from 'zod';
import { siloId } from './identifiers.ts';

const rate = z.number().positive().max(1e6);
const decay = z.number().min(0).lt(1);

const momentumParameters = {
  learningRate: rate.default(1).describe('Server learning rate.'),
  momentum: decay.default(0.9).describe('How much of the last step stays in the next.'),
};
const adaptiveParameters = {
  learningRate: rate.default(0.1).describe('Server learning rate; to be tuned per task.'),
  beta1: decay.default(0.9).describe('Decay of the first moment.'),
  beta2: decay.default(0.99).describe('Decay of the second moment.'),
  tau: z
    .number()
    .positive()
    .max(1)
    .default(1e-3)
    .describe('Degree of adaptivity; keeps the divisor above 0.'),
};
const adagradParameters = {
  learningRate: adaptiveParameters.learningRate,
  beta1: decay.default(0).describe('Decay of the first moment.'),
  tau: adaptiveParameters.tau,
};

export const serverSpec = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sgd'), learningRate: rate.default(1) }).describe('x + rate * step.'),
  z
    .strictObject({ kind: z.literal('momentum'), ...momentumParameters })
    .describe('Heavy-ball momentum (Hsu et al. 2019).'),
  z.strictObject({ kind: z.literal('adam'), ...adaptiveParameters }).describe('Reddi et al. 2021.'),
  z.strictObject({ kind: z.literal('yogi'), ...adaptiveParameters }).describe('Reddi et al. 2021.'),
  z.strictObject({ kind: z.literal('adagrad'), ...adagradParameters }).describe('Reddi et al. 2021.'),
]);
export type ServerSpec = z.infer<typeof serverSpec>;

export const clipSpec = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('fixed'), norm: z.number().positive() })
    .describe('Every update is scaled down to this L2 norm at most.'),
  z
    .strictObject({
      kind: z.literal('adaptive'),
      initialNorm: z.number().positive().default(0.1),
      quantile: z.number().gt(0).lt(1).default(0.5).describe('The share of updates left as they are.'),
      learningRate: z.number().positive().max(10).default(0.2),
    })
    .describe('The norm follows a quantile of the updates (Andrew et al. 2021).'),
]);
export type ClipSpec = z.infer<typeof clipSpec>;

/** How many hostile updates a rule withstands: a count, or a share of those that arrived, rounded down. */
export const byzantineSpec = z.union([
  z.int().min(0).max(2_500),
  z.strictObject({ fraction: z.number().gt(0).lt(0.5) }),
]);
export type ByzantineSpec = z.infer<typeof byzantineSpec>;

const stages = {
  clip: clipSpec.optional().describe('Bounds every update before anything else.'),
  server: serverSpec.optional().describe('How the step moves the model. Default: it is added.'),
};
const weights = {
  weighting: z.enum(['examples', 'equal']).default('examples').describe('What an update weighs.'),
  weightCap: z
    .number()
    .min(1)
    .max(1e9)
    .nullable()
    .default(10)
    .describe("Largest weight as a multiple of the round's median weight; null for none."),
};
const sum = {
  sum: z
    .enum(['canonical', 'exact'])
    .default('canonical')
    .describe('`exact` adds without rounding, so that any order of adding gives the same bytes.'),
};
const averaging = { ...weights, ...sum };
const withstands = { byzantine: byzantineSpec.describe('How many hostile updates it withstands.') };

export const moduleParameters = z.record(
  z.string().min(1).max(64),
  z.union([z.number(), z.string().max(4_096), z.boolean()]),
);
export type ModuleParameters = z.infer<typeof moduleParameters>;

const kind = <K extends string>(name: K, description: string) => ({
  kind: z.literal(name).describe(description),
});

export const strategySpec = z.discriminatedUnion('kind', [
  z.strictObject({
    ...kind('fedavg', 'Weighted mean of update deltas (McMahan et al. 2017).'),
    ...averaging,
    ...stages,
  }),
  z.strictObject({
    ...kind('fedavgm', 'fedavg with server momentum (Hsu et al. 2019).'),
    ...momentumParameters,
    ...averaging,
    clip: stages.clip,
  }),
  z.strictObject({
    ...kind('fedadam', 'fedavg with Adam on the server (Reddi et al. 2021).'),
    ...adaptiveParameters,
    ...averaging,
    clip: stages.clip,
  }),
  z.strictObject({
    ...kind('fedyogi', 'fedavg with Yogi on the server (Reddi et al. 2021).'),
    ...adaptiveParameters,
    ...averaging,
    clip: stages.clip,
  }),
  z.strictObject({
    ...kind('fedadagrad', 'fedavg with Adagrad on the server (Reddi et al. 2021).'),
    ...adagradParameters,
    ...averaging,
    clip: stages.clip,
  }),
  z.strictObject({
    ...kind('fedprox', 'fedavg; training code adds mu/2 * ||w - w0||^2 to its loss (Li et al. 2020).'),
    mu: z.number().min(0).max(1e6).describe('Handed to training code as config `proximal-mu`.'),
    ...averaging,
    ...stages,
  }),
  z.strictObject({
    ...kind('scaffold', 'Control variates in tensors `control/<name>` (Karimireddy et al. 2020).'),
    ...averaging,
    weighting: z.enum(['examples', 'equal']).default('equal').describe('The paper weighs silos equally.'),
    ...stages,
  }),
  z.strictObject({
    ...kind('fednova', 'Mean of updates per local step; needs metric `local_steps` (Wang et al. 2020).'),
    ...weights,
    ...stages,
  }),
  z.strictObject({
    ...kind('fedbuff', 'Late updates count in a later round, with less weight (Nguyen et al. 2022).'),
    maxStaleness: z.int().min(1).max(100).default(4).describe('How many rounds late an update may be.'),
    ...weights,
    ...stages,
  }),
  z.strictObject({
    ...kind('median', 'Coordinate-wise median (Yin et al. 2018).'),
    ...stages,
  }),
  z.strictObject({
    ...kind('trimmed-mean', 'Coordinate-wise mean without the extremes of each side (Yin et al. 2018).'),
    ...withstands,
    ...stages,
  }),
  z.strictObject({
    ...kind('geometric-median', 'Smoothed Weiszfeld (Pillutla et al. 2022).'),
    smoothing: z.number().positive().max(1).default(1e-6).describe('Least distance that is divided by.'),
    ...weights,
    ...stages,
  }),
  z.strictObject({
    ...kind('krum', 'The update nearest to its neighbours (Blanchard et al. 2017).'),
    ...withstands,
    ...stages,
  }),
  z.strictObject({
    ...kind('multi-krum', 'Mean of the updates with the best Krum scores (Blanchard et al. 2017).'),
    ...withstands,
    select: z.int().min(1).max(5_000).optional().describe('How many. Default: all but the hostile ones.'),
    ...weights,
    weighting: z.enum(['examples', 'equal']).default('equal').describe('The paper weighs silos equally.'),
    ...stages,
  }),
  z.strictObject({
    ...kind('bulyan', 'Krum selection, then a mean near the median (El Mhamdi et al. 2018).'),
    ...withstands,
    ...stages,
  }),
  z.strictObject({
    ...kind('fltrust', "Weighs updates by likeness to a trusted silo's (Cao et al. 2021)."),
    trustedSilo: siloId.describe('Its update is the measure of the others.'),
    ...stages,
  }),
  z.strictObject({
    ...kind('module', 'A module of the deployed app, strategies/<name>.'),
    module: z
      .string()
      .max(64)
      .regex(/^[a-z0-9](-?[a-z0-9])*$/, 'a module name: a-z 0-9 and single dashes'),
    parameters: moduleParameters.default({}).describe('Handed to the module as they are.'),
    ...stages,
  }),
]);
export type StrategySpec = z.infer<typeof strategySpec>;
