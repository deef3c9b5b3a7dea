/** Everything that can reach the coordinator, on one page. */
import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { activities } from '../activities/all.ts';
import { experiment, experimentOrchestration } from '../orchestrations/experiment.ts';
import { round, roundOrchestration } from '../orchestrations/round.ts';
import { azureServices } from '../shared/azure/services.ts';
import { readSettings } from '../shared/azure/settings.ts';
import type { AppRole } from '../shared/domain/resources.ts';
import { queues } from '../shared/domain/resources.ts';
import { handlerOf } from '../shared/durable/orchestration.ts';
import { handleReply } from './admission/handle-reply.ts';
import { durableOrchestrations } from './durable-orchestrations.ts';
import { authenticateWith } from './http/authentication.ts';
import { cancelExperiment, resumeExperiment, suspendExperiment } from './http/control-experiment.ts';
import { createExperiment } from './http/create-experiment.ts';
import { endpoint, type Handle } from './http/endpoint.ts';
import { showExperimentSchema, showHealth } from './http/health.ts';
import { modelLink } from './http/model-link.ts';
import { downloadModel, listModels, showModel, uploadModel } from './http/models.ts';
import { listExperiments, showExperiment, showRound } from './http/show-experiment.ts';
import { admitSilo, disableSilo, listSilos, registerSilo, revokeSiloKey } from './http/silos.ts';
import { patiently } from './patiently.ts';
import { handleSignal } from './signal-received.ts';
import { restartLost, startStale, wakeOverdue } from './timers/look-after-experiments.ts';
import { resubmitDeadLetters } from './timers/resubmit-dead-letters.ts';
import { version } from './version.ts';

const settings = readSettings(process.env);
const services = azureServices(settings);
const world = { services, authenticate: authenticateWith(settings) };

// --- HTTP: Entra tokens are checked by the handlers, so the host's own keys are not the gate ---
const route = (
  name: string,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  roles: AppRole[],
  handle: Handle,
): void => {
  const handler = endpoint(world, roles, handle);
  df.app.client.http(name, { methods: [method], route: path, authLevel: 'anonymous', handler });
};
route('create-experiment', 'POST', 'experiments', ['operator'], createExperiment);
route('list-experiments', 'GET', 'experiments', ['viewer'], listExperiments);
route('show-experiment', 'GET', 'experiments/{id}', ['viewer'], showExperiment);
route('show-round', 'GET', 'experiments/{id}/rounds/{round}', ['viewer'], showRound);
route('cancel-experiment', 'POST', 'experiments/{id}/cancel', ['operator'], cancelExperiment);
route('suspend-experiment', 'POST', 'experiments/{id}/suspend', ['operator'], suspendExperiment);
route('resume-experiment', 'POST', 'experiments/{id}/resume', ['operator'], resumeExperiment);
route('list-models', 'GET', 'experiments/{id}/models', ['viewer'], listModels);
route('show-model', 'GET', 'experiments/{id}/models/{version}', ['viewer'], showModel);
route('download-model', 'GET', 'experiments/{id}/models/{version}/content', ['viewer'], downloadModel);
route('upload-model', 'PUT', 'models/uploads/{sha256}', ['operator'], uploadModel);
route('register-silo', 'POST', 'silos', ['silo', 'operator'], registerSilo);
route('list-silos', 'GET', 'silos', ['viewer'], listSilos);
route('admit-silo', 'POST', 'silos/{id}/admit', ['operator'], admitSilo);
route('disable-silo', 'POST', 'silos/{id}/disable', ['operator'], disableSilo);
route('revoke-silo-key', 'POST', 'silos/{id}/revoke-key', ['admin'], revokeSiloKey);
route('model-link', 'POST', 'participations/{id}/model-link', ['silo'], modelLink);
app.http('health', {
  methods: ['GET'],
  route: 'health',
  authLevel: 'anonymous',
  handler: showHealth(services, version),
});
app.http('experiment-schema', {
  methods: ['GET'],
  route: 'schemas/experiment.json',
  authLevel: 'anonymous',
  handler: showExperimentSchema,
});

// --- Service Bus ---
df.app.client.serviceBusQueue('update-received', {
  queueName: queues.updates,
  connection: 'ServiceBusConnection',
  handler: (message: unknown, client, context) =>
    patiently(
      () => handleReply(message, services, durableOrchestrations(client)),
      (text) => context.warn(text),
    ),
});
app.serviceBusQueue('signal-received', {
  queueName: queues.signals,
  connection: 'ServiceBusConnection',
  handler: (message: unknown) => handleSignal(message, services),
});

// --- Timers ---
df.app.client.timer('look-after-experiments', {
  schedule: '30 * * * * *',
  handler: async (_timer, client, context) => {
    const orchestrations = durableOrchestrations(client);
    const started = await startStale(services, orchestrations);
    const restarted = await restartLost(services, orchestrations);
    const woken = await wakeOverdue(services, orchestrations);
    if (started + restarted + woken > 0) {
      context.warn(
        `started ${started} stale experiments, restarted ${restarted} lost ones, woke ${woken} overdue rounds`,
      );
    }
  },
});
app.timer('resubmit-dead-letters', {
  schedule: '0 */5 * * * *',
  handler: async (_timer, context) => {
    const moved = await resubmitDeadLetters(services);
    if (moved > 0) context.warn(`put ${moved} dead-lettered updates back`);
  },
});

// --- Durable ---
df.app.orchestration(experimentOrchestration.name, handlerOf(experimentOrchestration, experiment));
df.app.orchestration(roundOrchestration.name, handlerOf(roundOrchestration, round));
for (const { name, run } of activities) {
  df.app.activity(name, {
    handler: (input: unknown, context) => run(input, services, (line) => context.warn(line)),
  });
}
