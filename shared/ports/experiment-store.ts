import type {
  BlobReference,
  ExperimentDocument,
  ModelPointer,
  ParticipationDocument,
  ParticipationState,
  RoundCounters,
  RoundDocument,
  RoundPhase,
  VersionDocument,
} from '../contracts/documents.ts';
import type { AttemptKey, ParticipationKey } from '../contracts/identifiers.ts';

/**
 * The ledger of record. Every write is conditional and first looks for its own effect, so each may be repeated
 * after a crash. Methods throw only for faults of the store itself; a lost condition is an answer.
 */
export interface ExperimentStore {
  createExperiment(document: ExperimentDocument): Promise<'created' | 'exists'>;
  readExperiment(experiment: string): Promise<ExperimentDocument | undefined>;
  /** Experiments that no orchestration has taken up yet, whatever their partition. */
  listPending(): Promise<ExperimentDocument[]>;
  /** Compare-and-swap: `change` sees the present document and answers its successor, or undefined to leave it. */
  updateExperiment(
    experiment: string,
    change: (present: ExperimentDocument) => ExperimentDocument | undefined,
  ): Promise<ExperimentDocument>;

  /** Creates the round's document and makes it the experiment's current round, unless cancel was requested. */
  openRound(document: RoundDocument): Promise<'opened' | 'exists' | 'cancelled'>;
  readRound(key: AttemptKey): Promise<RoundDocument | undefined>;
  listRounds(experiment: string): Promise<RoundDocument[]>;
  /** Moves the round on if it is in one of `from`; otherwise answers it unchanged. */
  advanceRound(
    key: AttemptKey,
    from: readonly RoundPhase[],
    change: Partial<
      Pick<RoundDocument, 'phase' | 'closedAt' | 'endedAt' | 'frozen' | 'failure' | 'aggregation'>
    >,
  ): Promise<{ moved: boolean; round: RoundDocument }>;

  readParticipation(key: ParticipationKey): Promise<ParticipationDocument | undefined>;
  listParticipations(
    key: { experiment: string; round: number; attempt?: number },
    state?: ParticipationState,
  ): Promise<ParticipationDocument[]>;
  /**
   * Moves a participation and its round's counters in one batch.
   * `from` is the state it must be in now (null: no document yet).
   */
  moveParticipation(move: ParticipationMove): Promise<ParticipationMoved>;

  /** One batch: the version, the round `closed -> aggregated`, the pointer if it stands at the parent. */
  publishVersion(publication: VersionPublication): Promise<'published' | 'exists' | 'cancelled' | 'conflict'>;
  readVersion(experiment: string, version: number): Promise<VersionDocument | undefined>;
  listVersions(experiment: string): Promise<VersionDocument[]>;
}

export interface ParticipationMove {
  readonly from: ParticipationState | null;
  readonly document: ParticipationDocument;
  readonly counters: Partial<RoundCounters>;
  /** The move counts only while the round is in one of these phases. */
  readonly whileRound: readonly RoundPhase[];
}

export type ParticipationMoved =
  | { readonly result: 'moved'; readonly round: RoundDocument }
  /** The round is not, or no longer, in a phase that accepts the move. */
  | { readonly result: 'round-moved-on' }
  /** Another delivery of the same message, or another message, moved it first. */
  | { readonly result: 'lost-race' };

export interface VersionPublication {
  readonly document: VersionDocument;
  /** Null where version 0 comes from an upload and no round made it. */
  readonly round: AttemptKey | null;
  readonly pointer: ModelPointer;
  /** What the round keeps of how it aggregated. */
  readonly evidence?: BlobReference;
}
