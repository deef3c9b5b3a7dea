/** The invariants of a finished experiment, seen through the HTTP API as an operator sees them. */
import { createHash } from 'node:crypto';
import type { ApiClient, ShownRound } from '../../cli/api-client.ts';
import { contentOf } from '../../cli/verified-download.ts';
import type { ExperimentView, ModelView } from '../../shared/contracts/api.ts';

export interface LedgerChecked {
  /** SHA-256 of each version, in order. */
  readonly digests: readonly string[];
  readonly attempts: number;
  readonly faults: readonly string[];
}

export async function checkLedger(options: {
  client: ApiClient;
  caFile: string;
  view: ExperimentView;
}): Promise<LedgerChecked> {
  const { client, caFile, view } = options;
  const models = (await client.listModels(view.experiment)).sort((a, b) => a.version - b.version);
  const attempts = await attemptsOf(client, view);
  const faults = [
    ...checkVersions(models, view),
    ...checkMetrics(view),
    ...attempts.flatMap(checkAttempt),
    ...(await checkContents(client, caFile, view.experiment, models)),
  ];
  return { digests: models.map(({ sha256 }) => sha256), attempts: attempts.length, faults };
}

/** Gapless, each from exactly one parent, the pointer at the last. */
function checkVersions(models: readonly ModelView[], view: ExperimentView): string[] {
  const faults: string[] = [];
  if (models.length !== view.rounds + 1)
    faults.push(`there are ${models.length} versions after ${view.rounds} rounds`);
  for (const [index, { version, parent }] of models.entries()) {
    if (version !== index || parent !== (index === 0 ? null : index - 1)) {
      faults.push(`version ${version} with parent ${parent} stands at place ${index}`);
    }
  }
  const last = models.at(-1);
  if (view.model?.version !== last?.version || view.model?.sha256 !== last?.sha256) {
    faults.push('the pointer is not at the last version');
  }
  return faults;
}

/** Every version was scored, once: version v by round v + 1, the last one by the evaluation. */
function checkMetrics(view: ExperimentView): string[] {
  const scored = view.metrics.map(({ version }) => version).sort((a, b) => a - b);
  const wanted = Array.from({ length: view.rounds + 1 }, (_, version) => version);
  return String(scored) === String(wanted) ? [] : [`the scored versions are ${String(scored)}`];
}

async function attemptsOf(client: ApiClient, view: ExperimentView): Promise<ShownRound[]> {
  const shown: ShownRound[] = [];
  for (let round = 0; round <= view.round; round++) {
    const last = await client.showRound(view.experiment, round);
    for (let attempt = 1; attempt < last.attempts; attempt++) {
      shown.push(await client.showRound(view.experiment, round, attempt));
    }
    shown.push(last);
  }
  return shown;
}

/** Nobody counts twice, and the counters say what the participations say. */
function checkAttempt(shown: ShownRound): string[] {
  const name = `round ${shown.round} attempt ${shown.attempt}`;
  const faults: string[] = [];
  const admitted = shown.silos.filter(({ state }) => state === 'admitted').map(({ silo }) => silo);
  if (new Set(admitted).size !== admitted.length) faults.push(`${name} admitted a silo twice`);
  if (admitted.length !== shown.counters.admitted) {
    faults.push(`${name} counts ${shown.counters.admitted} admitted, and there are ${admitted.length}`);
  }
  if (shown.counters.refused + shown.counters.failed + shown.counters.declined > 0) {
    const reasons = shown.silos.map(({ silo, state, reason }) => `${silo} ${state} ${reason?.slug ?? ''}`);
    faults.push(`${name} lost an honest update: ${reasons.join(', ')}`);
  }
  return faults;
}

async function checkContents(
  client: ApiClient,
  caFile: string,
  experiment: string,
  models: readonly ModelView[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const { version, sha256 } of models) {
    const digest = createHash('sha256');
    const content = await contentOf(await client.modelContent(experiment, String(version)), caFile);
    for await (const chunk of content) digest.update(chunk);
    if (digest.digest('hex') !== sha256) faults.push(`version ${version} downloads with another digest`);
  }
  return faults;
}
