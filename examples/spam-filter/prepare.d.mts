export interface PartReport {
  readonly mails: number;
  /** 0 to 1. */
  readonly spamShare: number;
  readonly medianWords: number;
  /** Mails of each kind, by the corpus's own groups. */
  readonly kinds: Readonly<Record<string, number>>;
}

export interface SiloReport extends PartReport {
  /** In words, what mail the silo holds. */
  readonly holds: string;
  /** Ids of mails. */
  readonly train: readonly string[];
  readonly validation: readonly string[];
}

export interface SplitReport {
  readonly seed: number;
  readonly corpus: { readonly package: string; readonly version: string; readonly mails: number };
  readonly dropped: { readonly copies: number; readonly withoutText: number };
  readonly features: Readonly<Record<string, string | number>>;
  readonly rule: {
    readonly why: string;
    readonly testShare: number;
    readonly validationShare: number;
    readonly lengthNoise: number;
    readonly shares: Readonly<Record<string, readonly [number, number, number]>>;
  };
  readonly silos: Readonly<Record<'silo-1' | 'silo-2' | 'silo-3', SiloReport>>;
  readonly test: PartReport & { readonly ids: readonly string[] };
}

/** Writes the silos' mails, the test set and split.json under `out`; `seed` defaults to 1. Takes about two seconds. */
export function prepare(options: { readonly out: string; readonly seed?: number }): SplitReport;
