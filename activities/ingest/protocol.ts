/**
 * Everything the main thread and an ingest thread say to each other; nothing else crosses between them.
 *
 * Rows never do: a thread answers with positions, counters and local files. Messages are plain values (structured clone),
 * positions decimal strings. Each side checks what it receives, so a message sent in the wrong direction is an error at
 * once and never a silent nothing. `taskKey` is one attempt of one task, never used again within a process.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { ErrorCode, ErrorDetails } from '../../domain/errors.ts';
import type { IngestCounters } from '../../domain/counters.ts';
import type { Json } from '../../domain/json.ts';
import type { ParseReport } from '../../domain/parse-report.ts';
import type { Positions } from '../../domain/positions.ts';
import type { InputFormat } from '../../domain/spec/input-format.ts';
import type { PropertyValues } from '../../domain/spec/property-value.ts';
import type { DataSchema, TuningConfig } from '../../domain/spec/spec.ts';
import type { SegmentFile } from '../../segments/build-segments.ts';
import type { Piece } from '../../segments/live-piece.ts';

export type TaskKey = number;

/** How a thread opens the stream. `test` is answered by the opener a test hands in; a real thread refuses it. */
export type SourceSetup =
  | {
      readonly kind: 'kafka';
      readonly topic: string;
      /** `topic` is a pattern: every topic that matches it is read. */
      readonly isPattern: boolean;
      readonly bootstrapServers: readonly string[];
      readonly isolationLevel: 'read_committed' | 'read_uncommitted';
      /** References to secrets stay references: the thread that connects looks them up. */
      readonly consumerProperties: PropertyValues;
      /** Which variables of the environment they may name. */
      readonly secretEnvPrefixes: readonly string[];
      readonly clientId: string;
      readonly maxBufferedBytes: number;
    }
  | { readonly kind: 'test'; readonly name: string };

/** A spill on the local disk. */
export type LocalSpill = {
  readonly localPath: string;
  readonly size: number;
  readonly sha256: string;
  readonly rows: number;
};

/** What is sealed of a sequence: every row below `positions` is in `files`, and no other row. */
export type SealedSequence = {
  readonly sequenceId: string;
  readonly positions: Positions;
  readonly counters: IngestCounters;
  readonly files: readonly LocalSpill[];
};

export type SequenceSetup = {
  readonly sequenceId: string;
  readonly ordinal: number;
  readonly starts: Positions;
  readonly ends: Positions | null;
  readonly windowMinMs: number | null;
  readonly windowMaxMs: number | null;
  /** Where an adopted checkpoint stands; null: begin at the starts. */
  readonly sealed: SealedSequence | null;
};

export type TaskSetup = {
  readonly taskId: string;
  readonly source: SourceSetup;
  /** The identity that is stored of each partition's stream; absent: nothing to compare with. */
  readonly identities: Readonly<Record<string, string>>;
  readonly partitions: readonly string[];
  /** Positions reading stops at for good, whatever ends come; absent: there are none. */
  readonly bounds?: Positions;
  /** The topic, as rows may hold it; where a pattern is read, that is part of each partition's name. */
  readonly topic: string;
  readonly inputFormat: InputFormat;
  /** Whether whole records that cannot be read are wanted. */
  readonly wantsLetters: boolean;
  readonly schema: DataSchema;
  readonly tuning: Pick<
    TuningConfig,
    | 'maxRowsInMemory'
    | 'maxBytesInMemory'
    | 'maxRowsPerSegment'
    | 'maxTotalRows'
    | 'maxParseExceptions'
    | 'maxSavedParseExceptions'
  >;
  /** How long one poll of the stream waits for records. */
  readonly pollMs: number;
  /** Scratch of this attempt; exists. */
  readonly folder: string;
  /** Unpublished sequences by ordinal; all but the last have ends. */
  readonly sequences: readonly SequenceSetup[];
};

export type ToThread =
  | { readonly kind: 'start'; readonly taskKey: TaskKey; readonly setup: TaskSetup }
  /** Stop between two records and say where. */
  | { readonly kind: 'pause'; readonly taskKey: TaskKey; readonly requestNo: number }
  | { readonly kind: 'resume'; readonly taskKey: TaskKey }
  /** The written ends of the open sequence; reading goes on into `next`, or stops there when it is null (final). */
  | {
      readonly kind: 'ends';
      readonly taskKey: TaskKey;
      readonly sequenceId: string;
      readonly ends: Positions;
      readonly next: SequenceSetup | null;
    }
  /** Put all rows in memory into files, reading on meanwhile. One round at a time. */
  | { readonly kind: 'spill'; readonly taskKey: TaskKey; readonly round: number }
  /** Merge a sequence that is read to its ends. `header` goes into its files, for people and other programs. */
  | { readonly kind: 'build'; readonly taskKey: TaskKey; readonly sequenceId: string; readonly header: Json }
  /** The sequence is published: its rows and files may go, what is not read of it need not be read. */
  | { readonly kind: 'drop'; readonly taskKey: TaskKey; readonly sequenceId: string }
  /** Rows of a sequence for a query: at least those below `atLeast` if they come within `waitMs`. */
  | {
      readonly kind: 'live';
      readonly taskKey: TaskKey;
      readonly requestNo: number;
      readonly sequenceId: string;
      readonly atLeast: Positions | null;
      readonly waitMs: number;
    }
  /** The files named in the answer are no longer needed for it. */
  | { readonly kind: 'liveSent'; readonly taskKey: TaskKey; readonly requestNo: number }
  /** Back pressure: no more rows for now, or go on. */
  | { readonly kind: 'hold'; readonly taskKey: TaskKey; readonly hold: boolean }
  | { readonly kind: 'stop'; readonly taskKey: TaskKey };

/** Why a task reads nothing just now, if it does not. */
export type IdleReason =
  /** A pause was asked for. */
  | 'paused'
  /** The open sequence is full; a checkpoint was asked for. */
  | 'full'
  /** No room for more rows, or for records that could not be read, until a spill or another task makes some. */
  | 'memory'
  /** Everything a bounded supervisor is to read is read; final ends were asked for. */
  | 'bound'
  /** The final ends are reached. */
  | 'read'
  /** The stream failed; rows already taken are still here. */
  | 'failed';

export type ProgressReport = {
  /** Next to read, per partition. */
  readonly positions: Positions;
  /** Of all sequences this attempt has held. */
  readonly counters: IngestCounters;
  /** By this attempt alone, what it read again after going back included. */
  readonly recordsRead: number;
  /** By the thread's own clock, so only differences mean something. */
  readonly atMs: number;
  /** Time this attempt has waited for the stream with nothing to read. */
  readonly waitedMs: number;
  readonly rowsInMemory: number;
  readonly bytesInMemory: number;
  /** Rows of the fullest segment of the open sequence, and of all its segments. */
  readonly largestSegmentRows: number;
  readonly totalRows: number;
  /** Grows with every answered poll, slice of reading and step of a spill or merge. */
  readonly ticks: number;
  readonly idle: IdleReason | null;
  /** A limit of the task asks for a spill now. */
  readonly wantsSpill: boolean;
  /** First messages of unparseable rows since the last report, a few at most. */
  readonly parseProblems: readonly string[];
  /** Newest reports since the last one, oldest first; as many as `maxSavedParseExceptions` wants. */
  readonly parseReports: readonly ParseReport[];
};

/** Immutable; a file stays until the answer that named it is sent. */
export type HeldPiece = Piece & { readonly id: string };

/** Every row below `positions` is in the pieces, and no other row. */
export type HeldRows = {
  readonly positions: Positions;
  readonly ends: Positions | null;
  readonly rollup: boolean;
  readonly pieces: readonly HeldPiece[];
};

export type FromThread =
  /** The stream is open and is the one expected. */
  | { readonly kind: 'started'; readonly taskKey: TaskKey }
  | { readonly kind: 'progress'; readonly taskKey: TaskKey; readonly report: ProgressReport }
  /** Positions of the open sequence; nothing is read until `resume` or `ends`. */
  | {
      readonly kind: 'paused';
      readonly taskKey: TaskKey;
      readonly requestNo: number;
      readonly positions: Positions;
    }
  /** Whole records of a sequence below `positions` that could not be read. Sent before anything that seals what lies below. */
  | {
      readonly kind: 'letters';
      readonly taskKey: TaskKey;
      readonly sequenceId: string;
      readonly localPath: string;
      readonly positions: Positions;
    }
  | { readonly kind: 'sequenceRead'; readonly taskKey: TaskKey; readonly sequenceId: string }
  /** Rows beyond the written ends were dropped again; they are read once more. */
  | { readonly kind: 'rewound'; readonly taskKey: TaskKey; readonly sequenceId: string }
  | {
      readonly kind: 'spilled';
      readonly taskKey: TaskKey;
      readonly round: number;
      /** Every unpublished sequence, complete: older files too. */
      readonly sequences: readonly SealedSequence[];
    }
  | {
      readonly kind: 'segmentsBuilt';
      readonly taskKey: TaskKey;
      readonly sequenceId: string;
      readonly counters: IngestCounters;
      readonly files: readonly SegmentFile[];
    }
  /** Null: the sequence is not here (any more). */
  | {
      readonly kind: 'liveRows';
      readonly taskKey: TaskKey;
      readonly requestNo: number;
      readonly held: HeldRows | null;
      /** Why pieces could not be made; ingestion goes on. */
      readonly trouble: string | null;
    }
  /** `rowsKept`: reading stopped, but what was read can still be spilled. Otherwise the task is gone. */
  | {
      readonly kind: 'failed';
      readonly taskKey: TaskKey;
      readonly error: SentError;
      readonly rowsKept: boolean;
    }
  | { readonly kind: 'stopped'; readonly taskKey: TaskKey };

const toThreadKinds: ReadonlySet<string> = new Set<ToThread['kind']>([
  'start',
  'pause',
  'resume',
  'ends',
  'spill',
  'build',
  'drop',
  'live',
  'liveSent',
  'hold',
  'stop',
]);

const fromThreadKinds: ReadonlySet<string> = new Set<FromThread['kind']>([
  'started',
  'progress',
  'paused',
  'sequenceRead',
  'rewound',
  'letters',
  'spilled',
  'segmentsBuilt',
  'liveRows',
  'failed',
  'stopped',
]);

export function asToThread(message: unknown): ToThread {
  checkKind(message, toThreadKinds, 'an ingest thread');
  return message as ToThread;
}

export function asFromThread(message: unknown): FromThread {
  checkKind(message, fromThreadKinds, 'the main thread');
  return message as FromThread;
}

function checkKind(message: unknown, kinds: ReadonlySet<string>, receiver: string): void {
  const { kind, taskKey } = (message ?? {}) as { kind?: unknown; taskKey?: unknown };
  if (typeof kind === 'string' && kinds.has(kind) && Number.isSafeInteger(taskKey)) return;
  throw new HeadgateError(
    'INVARIANT_VIOLATED',
    `${receiver} got a message of kind ${JSON.stringify(kind)}; expected one of ${[...kinds].join(', ')}`,
  );
}

/** A `HeadgateError` (or whatever was thrown) as plain values. */
export type SentError = {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly stack: string;
};

export function sendError(error: unknown): SentError {
  const known = error instanceof HeadgateError;
  return {
    code: known ? error.code : null,
    message: error instanceof Error ? error.message : String(error),
    details: known ? error.details : {},
    stack: error instanceof Error ? (error.stack ?? '') : '',
  };
}

/** The stack stays that of the thread: it is where the cause is. */
export function receiveError(sent: SentError): Error {
  const error =
    sent.code === null
      ? new Error(sent.message)
      : new HeadgateError(sent.code, sent.message, { details: sent.details });
  if (sent.stack !== '') error.stack = sent.stack;
  return error;
}
