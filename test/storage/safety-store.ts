/**
 * What the protocol needs of its store, call by call: the model implements it in memory, `postgres-store.ts` by the
 * functions of storage/. Answers are plain values without clocks, so that the two can be compared.
 */
export type Lease = { readonly taskId: string; readonly epoch: string; readonly token: string };

export type At = Readonly<Record<string, string>>;

export type LiveGeneration = {
  readonly groupId: number;
  readonly generation: number;
  readonly partitions: readonly string[];
  readonly sequences: readonly LiveSequence[];
  readonly tasks: readonly { readonly taskId: string; readonly replica: number; readonly state: string }[];
};

export type LiveSequence = {
  readonly sequenceId: string;
  readonly ordinal: number;
  readonly state: 'open' | 'ended' | 'published' | 'discarded';
  readonly final: boolean;
  readonly starts: At;
  readonly ends: At | null;
  readonly incarnations: At;
};

export type Checkpoint = {
  readonly checkpointId: string;
  readonly sequences: readonly {
    readonly sequenceId: string;
    readonly positions: At;
    readonly files: readonly string[];
  }[];
};

export type Calls = {
  seed: [{ positions: At }, readonly string[]];
  live: [
    Record<string, never>,
    { generations: readonly LiveGeneration[]; newest: At; unseeded: readonly string[] },
  ];
  createGeneration: [
    {
      groupId: number;
      expectedGeneration: number;
      partitions: readonly string[];
      letters: readonly string[];
    },
    { kind: 'created' | 'existing'; sequenceId: string; starts: At } | { kind: 'refused'; reason: string },
  ];
  acquire: [
    { taskId: string; activityRun: string; attempt: number },
    (
      | { kind: 'acquired'; lease: Lease; sequences: readonly LiveSequence[]; checkpoint: Checkpoint | null }
      | { kind: 'refused'; reason: string }
    ),
  ];
  progress: [{ lease: Lease; positions: At }, 'ok' | 'fenced'];
  requestPause: [
    { groupId: number; generation: number; ordinal: number; leaseMs: number },
    (
      | { kind: 'requested'; requestNo: number }
      | { kind: 'alreadyEnded'; final: boolean }
      | { kind: 'discarded' }
    ),
  ];
  answerPause: [{ lease: Lease; requestNo: number; positions: At }, 'ok' | 'fenced' | 'superseded'];
  resumeAfterLease: [{ lease: Lease; requestNo: number }, 'resumed' | 'superseded'];
  endSequence: [
    { groupId: number; generation: number; ordinal: number; requestNo: number; final: boolean },
    (
      | { kind: 'ended'; ends: At; final: boolean; nextOrdinal: number | null }
      | { kind: 'superseded' | 'discarded' }
    ),
  ];
  readControl: [
    { groupId: number; generation: number },
    {
      requestNo: number;
      state: 'run' | 'pause';
      sequences: readonly {
        sequenceId: string;
        ordinal: number;
        state: string;
        final: boolean;
        ends: At | null;
      }[];
    },
  ];
  insertIntents: [
    { lease: Lease; kind: 'publish' | 'checkpoint'; paths: readonly string[] },
    'ok' | 'fenced',
  ];
  insertCheckpoint: [{ lease: Lease } & Checkpoint, 'ok' | 'fenced' | 'beyondEnd' | 'violation'];
  adopt: [{ lease: Lease; checkpointId: string }, 'adopted' | 'refused'];
  commit: [
    {
      lease: Lease;
      publishId: string;
      sequenceId: string;
      ranges: readonly { partition: string; incarnation: string; start: string; end: string }[];
      paths: readonly string[];
    },
    (
      | { kind: 'committed'; commitSeq: string }
      | { kind: 'already'; publishId: string }
      | { kind: 'discarded'; why: string }
      | { kind: 'fenced'; by: string }
      | { kind: 'overread'; ends: At }
      | { kind: 'ahead' | 'stale' | 'reaped' | 'violation' }
    ),
  ];
  discard: [
    { sequenceId: string; why: string },
    (
      | { kind: 'discarded'; sequenceIds: readonly string[]; restart: At }
      | { kind: 'published'; publishId: string }
    ),
  ];
  finishTask: [{ taskId: string; state: 'SUCCESS' | 'FAILED' }, 'done'];
  replaceTask: [{ taskId: string; letters: string }, string];
  partialReset: [
    { resetId: string; positions: Readonly<Record<string, string | null>> },
    { sequenceIds: readonly string[]; jumps: readonly string[] },
  ];
  fullReset: [
    { resetId: string; positions: At },
    { sequenceIds: readonly string[]; jumps: readonly string[] },
  ];
  forcedStop: [{ resetId: string }, { sequenceIds: readonly string[]; jumps: readonly string[] }];
  reap: [Record<string, never>, readonly string[]];
};

export type CallName = keyof Calls;
export type Input<Name extends CallName> = Calls[Name][0];
export type Answer<Name extends CallName> = Calls[Name][1];

/** Answers at once: the model. */
export type SyncStore = { readonly [Name in CallName]: (input: Input<Name>) => Answer<Name> };

/** Answers later: Postgres. */
export type AsyncStore = { readonly [Name in CallName]: (input: Input<Name>) => Promise<Answer<Name>> };
