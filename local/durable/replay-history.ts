/**
 * Replays a recorded history against today's code, episode by episode, and says where the code would decide otherwise
 * than it did: such a change breaks instances that are under way. Recorded histories live in test/replay.
 */
import { completion, scheduling } from './episode.ts';
import {
  decodeEvent,
  EventType,
  encodeEvent,
  type HistoryEvent,
  scheduledTask,
  timersCanceled,
} from './events.ts';
import type { Instance } from './instance.ts';
import type { OrchestratorProtocol } from './orchestrator-protocol.ts';

export interface RecordedHistory {
  readonly instance: Instance;
  readonly history: readonly HistoryEvent[];
}

export interface Divergence {
  /** From 0. */
  readonly episode: number;
  readonly recorded: readonly string[];
  readonly replayed: readonly string[];
}

/** Stack traces tell of the machine, not of the history, and no decision rests on them. */
const withoutStacks = (event: HistoryEvent): unknown =>
  JSON.parse(encodeEvent(event), (key, value: unknown) => {
    if (key === 'StackTrace') return null;
    return key === 'Details' ? '' : value;
  });

export const encodeRecording = ({ instance, history }: RecordedHistory): string =>
  `${JSON.stringify({ instance, history: history.map(withoutStacks) }, undefined, 1)}\n`;

export function decodeRecording(text: string): RecordedHistory {
  const { instance, history } = JSON.parse(text) as { instance: Instance; history: unknown[] };
  return { instance, history: history.map((event) => decodeEvent(JSON.stringify(event))) };
}

interface EpisodeRows {
  /** How many rows come before the episode, and before its first decision. */
  readonly start: number;
  readonly input: number;
  readonly rows: readonly HistoryEvent[];
}

const isDecision = (event: HistoryEvent): boolean =>
  scheduledTask(event) !== undefined ||
  event.EventType === EventType.ExecutionCompleted ||
  (event.EventType === EventType.GenericEvent && event.Data.startsWith('TimersCanceled:'));

function episodesOf(history: readonly HistoryEvent[]): EpisodeRows[] {
  const episodes: EpisodeRows[] = [];
  for (let start = 0; start < history.length; ) {
    if (history[start]?.EventType !== EventType.OrchestratorStarted) {
      start++; // a suspension or a resumption between two episodes
      continue;
    }
    const endsAt = history.findIndex(
      (event, index) => index > start && event.EventType === EventType.OrchestratorCompleted,
    );
    const end = endsAt < 0 ? history.length : endsAt;
    const rows = history.slice(start, end);
    const decided = rows.findIndex(isDecision);
    const input = decided < 0 ? end : start + decided;
    episodes.push({ start, input, rows });
    start = end + 1;
  }
  return episodes;
}

/** What identifies a decision: its type, task id, name and input; timers by when they fire. */
function summary(event: HistoryEvent): string {
  switch (event.EventType) {
    case EventType.TaskScheduled:
      return `activity ${event.EventId} ${event.Name} ${event.Input ?? ''}`;
    case EventType.SubOrchestrationInstanceCreated:
      return `sub-orchestration ${event.EventId} ${event.Name} ${event.InstanceId} ${event.Input ?? ''}`;
    case EventType.TimerCreated:
      return `timer ${event.EventId} ${event.FireAt.toISOString()}`;
    case EventType.GenericEvent:
      return event.Data;
    case EventType.ExecutionCompleted:
      return `${event.OrchestrationStatus} ${event.Result ?? ''}`;
    default:
      return String(event.EventType);
  }
}

/** The first episode in which the code decides otherwise, or undefined when all are the same. */
export async function replayHistory(
  protocol: OrchestratorProtocol,
  { instance, history }: RecordedHistory,
): Promise<Divergence | undefined> {
  for (const [episode, { start, input, rows }] of episodesOf(history).entries()) {
    // A termination is nobody's decision.
    if (rows.some((event) => event.EventType === EventType.ExecutionTerminated)) continue;
    const seen = history
      .slice(0, input)
      .map((event, index): HistoryEvent => ({ ...event, IsPlayed: index < start }));
    const { verdict } = await protocol.replay(instance, seen, start > 0);
    const at = rows[0]?.Timestamp ?? new Date(0);
    const { decisions, canceled, ending } = verdict;
    const replayed = [
      ...decisions.map((decision) => scheduling(decision, instance, at)),
      ...(canceled.length > 0 ? [timersCanceled(canceled, at)] : []),
      ...(ending && ending.kind !== 'continued' ? [completion(ending, at)] : []),
    ].map(summary);
    const recorded = rows.filter(isDecision).map(summary);
    if (recorded.join('\n') !== replayed.join('\n')) return { episode, recorded, replayed };
  }
  return undefined;
}
