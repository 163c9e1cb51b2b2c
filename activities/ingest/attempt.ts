/**
 * One attempt of one task: what all its parts share, how it ends, and how it bears outside systems being away.
 *
 * The first ending counts. Nothing here decides about rows or commits; the loops do, each in its own file.
 */
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { GenerationKey } from '../../domain/ids.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import type { Lease } from '../../storage/attempts.ts';
import type { GenerationRow } from '../../storage/generations.ts';
import type { IngestInput, IngestResult } from '../../workflows/contract.ts';
import { Bell } from './bell.ts';
import { DeadLetterOffice } from './dead-letter-office.ts';
import type { IngestDeps } from './deps.ts';
import type { AnnouncedPause } from './notice-board.ts';
import { ParseReportLog } from './parse-report-log.ts';
import { ProgressMeter } from './progress-meter.ts';
import type { ProgressReport } from './protocol.ts';
import { SequenceBook } from './sequence-book.ts';
import type { TaskChannel } from './task-channel.ts';

export type Ending =
  | { readonly kind: 'result'; readonly result: IngestResult }
  /** The worker stops: seal what was read, go on elsewhere. */
  | { readonly kind: 'shutdown' }
  /** The stream gave up: seal what was read, then fail. */
  | { readonly kind: 'streamFailed'; readonly error: Error }
  /** Read to the end, but a predecessor is not published: seal, give the slot back. */
  | { readonly kind: 'waiting'; readonly sequenceId: string }
  | { readonly kind: 'failed'; readonly error: unknown };

export type Held = {
  readonly lease: Lease;
  readonly generation: GenerationRow;
  readonly spec: SupervisorSpec;
};

/** Calls that fail so are repeated; everything else ends the attempt. */
const borne: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'METADATA_UNAVAILABLE',
  'STORAGE_UNAVAILABLE',
  'DEAD_LETTERS_UNAVAILABLE',
]);
const firstBackOffMs = 100;
const longestBackOffMs = 2_000;

export class Attempt {
  readonly deps: IngestDeps;
  readonly input: IngestInput;
  readonly key: GenerationKey;
  readonly held: Held;
  readonly channel: TaskChannel;
  readonly book = new SequenceBook();
  /** Null: the spec wants no dead letters. */
  readonly office: DeadLetterOffice | null;
  /** Scratch of this attempt alone. */
  readonly folder: string;
  /** Rings when the control row or the generation may have changed. */
  readonly bell = new Bell();
  /** Rings when the thread says that it has come to a limit. */
  readonly limits = new Bell();
  readonly meter = new ProgressMeter(() => performance.now());
  /** A pause begins: on the word of a notice, before the row is looked at. Nobody listens before reading began. */
  onPause: (pause: AnnouncedPause) => void = () => undefined;
  /** Newest from the thread; null before the first. */
  report: ProgressReport | null = null;
  readonly parseReports: ParseReportLog;
  /** For heartbeat details. */
  checkpointId: string | null = null;
  readonly over: Promise<Ending>;
  readonly #abort = new AbortController();
  #isEnding = false;
  #end: (ending: Ending) => void = () => undefined;

  constructor(options: {
    deps: IngestDeps;
    input: IngestInput;
    held: Held;
    folder: string;
    openChannel: () => TaskChannel;
  }) {
    this.deps = options.deps;
    this.input = options.input;
    const { supervisorId, groupId, generation } = options.input;
    this.key = { supervisorId, groupId, generation };
    this.held = options.held;
    this.folder = options.folder;
    this.over = new Promise((resolve) => (this.#end = resolve));
    this.office = openOffice(this);
    const { io, tuning } = options.held.spec;
    this.parseReports = new ParseReportLog(tuning, io.taskCount);
    this.channel = options.openChannel();
  }

  /** Aborted when the attempt is torn down: loops leave, waits end. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Nothing new is begun any more. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Where rows in memory still matter the loops go on, so that they can be sealed; otherwise nothing more happens. */
  end(ending: Ending): void {
    this.#isEnding = true;
    this.#end(ending);
    if (ending.kind === 'result' || ending.kind === 'failed') this.tearDown();
  }

  fail(error: unknown): void {
    this.end({ kind: 'failed', error });
  }

  tearDown(): void {
    this.#abort.abort();
  }

  /** Runs a loop; its failure ends the attempt, unless it is being torn down anyway. */
  run(loop: () => Promise<void>): Promise<void> {
    return loop().catch((error: unknown) => this.fail(error));
  }

  persistently<T>(what: string, call: () => Promise<T>): Promise<T> {
    return persistently(call, { what, meter: this.meter, signal: this.signal });
  }
}

function openOffice(attempt: Attempt): DeadLetterOffice | null {
  const { deps, folder, held, input } = attempt;
  const { deadLetters } = held.spec.io;
  if (deadLetters === null) return null;
  const { supervisorId, taskId } = input;
  return new DeadLetterOffice({
    database: deps.pool,
    scope: { supervisorId, specVersion: held.generation.specVersion },
    sequenceOf: (sequenceId) => attempt.book.known(sequenceId).row,
    sink: deps.letterSink(held.spec.io, { supervisorId, taskId, scratch: folder }),
    persistently: (what, call) => attempt.persistently(what, call),
    onProgress: () => attempt.meter.mark(),
  });
}

/** Another attempt, a discard or a reset took over; whoever called looks first whether it was a discard. */
export function leaseLost(taskId: string, by: 'term' | 'lease'): HeadgateError {
  return new HeadgateError(
    'LEASE_LOST',
    by === 'term'
      ? `task ${taskId}: a reset moved its supervisor to a new term; what it read is read again`
      : `task ${taskId}: another attempt or the end of the task took its lease; this attempt stops`,
    { details: { taskId, by } },
  );
}

/** Repeats a call while Postgres or deep storage is away. How long that is borne is decided by the pulse of the attempt. */
export async function persistently<T>(
  call: () => Promise<T>,
  options: { what: string; meter: ProgressMeter; signal: AbortSignal },
): Promise<T> {
  const { what, meter, signal } = options;
  const outside = meter.began(what);
  try {
    for (let backOffMs = firstBackOffMs; ; backOffMs = Math.min(backOffMs * 2, longestBackOffMs)) {
      try {
        return await call();
      } catch (error) {
        if (signal.aborted || !isHeadgateError(error) || !borne.has(error.code)) throw error;
        outside.error = error;
        await new Bell().wait(0, backOffMs, signal);
      }
    }
  } finally {
    meter.ended(outside);
  }
}
