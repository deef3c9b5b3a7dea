import pc from 'picocolors';
import type { ExperimentView, RoundView, SiloProgress } from '../../shared/contracts/api.ts';
import { relative } from './durations.ts';
import { metricsText } from './tables.ts';

const colours: Readonly<Record<string, (text: string) => string>> = {
  completed: pc.green,
  active: pc.green,
  admitted: pc.green,
  failed: pc.red,
  refused: pc.red,
  lost: pc.red,
  cancelled: pc.yellow,
  late: pc.yellow,
  declined: pc.yellow,
  disabled: pc.yellow,
  pending: pc.cyan,
  running: pc.cyan,
  submitted: pc.cyan,
};

/** A state in its colour; the word says it all by itself. */
export function stateText(state: string): string {
  return (colours[state] ?? String)(state);
}

/** One line that changes when something of note does; for logs and pipes. */
export function progressLine(view: ExperimentView): string {
  const { current } = view;
  const parts = [`${view.status}`];
  if (view.requested !== null) parts.push(`${view.requested} asked for`);
  if (current !== null && view.endedAt === null) {
    parts.push(roundText(current, view.rounds), current.silos.map(siloWord).join(' '));
  }
  const last = view.metrics.at(-1);
  if (last !== undefined) parts.push(`v${last.version} ${metricsText(last.metrics)}`);
  if (view.waiting !== null) {
    parts.push(
      `waits for ${view.waiting.for}${view.waiting.until === null ? '' : ` until ${view.waiting.until}`}`,
    );
  }
  if (view.reason !== null) parts.push(`${view.reason.slug}: ${view.reason.detail}`);
  return parts.join(' · ');
}

/** The same for a terminal, some lines to draw anew. At most `silos` of the silos are shown. */
export function progressBlock(view: ExperimentView, now: number, silos = 12): string[] {
  const { current } = view;
  const lines = [`${pc.bold(view.name)}  ${pc.dim(view.experiment)}  ${stateText(view.status)}`];
  if (view.requested !== null) lines.push(`${view.requested} was asked for`);
  if (current !== null) {
    lines.push(`${roundText(current, view.rounds)}  ${pc.dim(bar(current))}`);
    const width = Math.max(...current.silos.map(({ silo }) => silo.length), 0);
    for (const silo of current.silos.slice(0, silos)) {
      lines.push(`  ${silo.silo.padEnd(width)}  ${siloState(silo)}  ${pc.dim(metricsText(silo.metrics))}`);
    }
    if (current.silos.length > silos) lines.push(pc.dim(`  and ${current.silos.length - silos} more`));
  }
  for (const scored of view.metrics.slice(-5)) {
    lines.push(`  v${scored.version}  ${metricsText(scored.metrics)}`);
  }
  if (view.waiting !== null) {
    const until = view.waiting.until === null ? '' : `, ends ${relative(view.waiting.until, now)}`;
    lines.push(pc.dim(`waits for ${view.waiting.for}${until}`));
  }
  if (view.reason !== null) lines.push(`${view.reason.slug}: ${view.reason.detail}`);
  return lines;
}

/** Rounds that train nothing are not among those that the spec counts. */
const taskNames: Readonly<Record<string, string>> = { init: 'initial model', evaluate: 'final scoring' };

function roundText(round: RoundView, rounds: number): string {
  const attempt = round.attempt === 1 ? '' : ` attempt ${round.attempt}`;
  const name = taskNames[round.task] ?? `round ${round.round}/${rounds}`;
  return `${name}${attempt} ${round.phase} ${round.counters.admitted}/${round.cohortSize}`;
}

/** Who answered, and where the quorum lies. */
function bar({ counters, cohortSize, quorum }: RoundView): string {
  const width = 20;
  const filled = Math.round((counters.admitted / cohortSize) * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)} quorum ${quorum}`;
}

function siloWord(silo: SiloProgress): string {
  return `${silo.silo}=${silo.state === 'invited' && silo.stage !== null ? silo.stage : silo.state}`;
}

function siloState({ state, stage, reason }: SiloProgress): string {
  const shown = state === 'invited' && stage !== null ? stage : state;
  return reason === null ? stateText(shown) : `${stateText(shown)} ${reason.slug}: ${reason.detail}`;
}
