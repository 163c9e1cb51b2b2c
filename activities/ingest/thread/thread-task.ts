/**
 * One attempt of one task inside an ingest thread: reads, spills and merges in slices, and obeys between them.
 *
 * Orders are handled between two slices, therefore between two records: the position in an answer is exact. Nothing here
 * touches Postgres or deep storage; what leaves is positions, counters and local files.
 */
import { join } from 'node:path';
import { assert } from '../../../domain/assert.ts';
import { addCounters, zeroCounters } from '../../../domain/counters.ts';
import type { IngestCounters } from '../../../domain/counters.ts';
import type { Json } from '../../../domain/json.ts';
import type { Positions } from '../../../domain/positions.ts';
import type { RecordSource, SourceRecord } from '../../../streams/record-source.ts';
import { sendError } from '../protocol.ts';
import type {
  FromThread,
  IdleReason,
  ProgressReport,
  SequenceSetup,
  TaskKey,
  TaskSetup,
  ToThread,
} from '../protocol.ts';
import { Letters } from './letters.ts';
import { Merges } from './merges.ts';
import { outOfOrder } from './partition-cursor.ts';
import { parseLimitExceeded } from './parse-limit.ts';
import { Ranges } from './ranges.ts';
import { RecordFeed } from './record-feed.ts';
import type { QueuedBatch } from './record-feed.ts';
import { RowIntake } from './row-intake.ts';
import type { Sliced } from './scheduler.ts';
import { LiveRows } from './live-rows.ts';
import { segmentBuild } from './segment-build.ts';
import type { SegmentBuild } from './segment-build.ts';
import { SpillRound } from './spill-round.ts';
import type { PlannedSpill } from './spill-round.ts';
import type { ThreadSequence } from './thread-sequence.ts';
import { toPositions } from './thread-sequence.ts';

/** Bytes of letters not handed over that start a checkpoint, before which nothing more is read. */
const letterBytesMax = 64 * 1024 * 1024;
/** As long as a coordinator waits for answers. */
const shortPauseMs = 1_000;
/** Of reports without news. A little less than a second, whatever the timer does. */
const sameAgainMs = 900;
/** Records between two looks at the clock. */
const recordsPerGlance = 8;

export type ThreadTaskOptions = {
  readonly taskKey: TaskKey;
  readonly setup: TaskSetup;
  readonly source: RecordSource;
  readonly post: (message: FromThread) => void;
  /** The task may be runnable again. */
  readonly wake: () => void;
  readonly now: () => number;
};

export class ThreadTask implements Sliced {
  readonly #options: ThreadTaskOptions;
  readonly #setup: TaskSetup;
  readonly #feed: RecordFeed;
  readonly #intake: RowIntake;
  readonly #ranges: Ranges;
  readonly #merges = new Merges((sequenceId, header) => this.#merge(sequenceId, header));
  readonly #live: LiveRows;
  #spill: SpillRound | null = null;
  #spillsWritten = 0;
  /** Of the sequences that are gone. */
  #dropped: IngestCounters = zeroCounters;
  #ticks = 0;
  #recordsRead = 0;
  /** Since when; null: it is not. */
  #pausedAtMs: number | null = null;
  #isHeld = false;
  #isOver = false;
  #streamFailed = false;
  /** What the next record needs is on its way. */
  #isAwaiting = false;
  #reported = { mark: '', atMs: -Infinity };
  /** The limit the main thread knows of. */
  #told: IdleReason | null = null;
  /** Which of reading, spilling, merging and live pieces had the last slice. */
  #turn = 0;

  constructor(options: ThreadTaskOptions) {
    const { setup } = options;
    this.#options = options;
    this.#setup = setup;
    this.#intake = new RowIntake(setup);
    this.#feed = new RecordFeed({
      source: options.source,
      pollMs: setup.pollMs,
      now: options.now,
      onPolled: options.wake,
      onFailed: (error) => this.#streamTrouble(error),
    });
    this.#ranges = new Ranges({
      ...setup,
      lettersOf: ({ ordinal }) =>
        setup.wantsLetters
          ? new Letters({ topic: setup.topic, folder: setup.folder, name: `sequence-${ordinal}` })
          : null,
      onRead: ({ id }) => {
        options.post({ kind: 'sequenceRead', taskKey: options.taskKey, sequenceId: id });
        this.report();
      },
      onLeft: (partition) => this.#feed.drop(partition),
    });
    this.#live = new LiveRows({
      schema: setup.schema,
      folder: join(setup.folder, 'live'),
      now: options.now,
      wake: options.wake,
      find: (sequenceId) => this.#ranges.find(sequenceId),
      positionsIn: (sequence) => this.#ranges.positionsIn(sequence),
      answer: (requestNo, held, trouble) =>
        options.post({ kind: 'liveRows', taskKey: options.taskKey, requestNo, held, trouble }),
    });
  }

  /** Opens the reader and says what is read already. */
  begin(): void {
    this.#feed.seek(this.#ranges.wanted());
    this.#options.post({ kind: 'started', taskKey: this.#options.taskKey });
    this.#ranges.announce();
  }

  // Slices.

  wantsSlice(): boolean {
    if (this.#isOver || this.#isStandingStill()) return false;
    if (this.#spill === null) this.#merges.startWanted();
    this.#live.look();
    const canRead = this.#canRead();
    if (!canRead && this.#idle() === null) this.#feed.poll();
    return canRead || this.#spill !== null || this.#merges.ready !== null || this.#live.ready !== null;
  }

  /** All its work waits for a short pause, so that those who end it have the cores; one that lasts is used. */
  #isStandingStill(): boolean {
    if (this.#pausedAtMs === null || this.#isHeld) return false;
    return this.#options.now() - this.#pausedAtMs < shortPauseMs;
  }

  slice(deadlineMs: number): void {
    try {
      this.#work(() => this.#options.now() >= deadlineMs);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Reading, spilling, merging and live pieces take turns, so that none waits for the others. */
  #work(isLate: () => boolean): void {
    for (let looked = 0; looked < 4; looked += 1) {
      this.#turn = (this.#turn + 1) % 4;
      if (this.#turn === 3 && this.#live.ready !== null) return this.#live.ready.advance(isLate);
      if (this.#ingest(isLate)) return;
    }
  }

  /** Only this is progress: an attempt that stands still is not kept alive by those who look at it. */
  #ingest(isLate: () => boolean): boolean {
    const spill = this.#turn === 1 ? this.#spill : null;
    const merge = this.#turn === 2 ? this.#merges.ready : null;
    if (this.#turn === 0 && this.#canRead()) this.#read(isLate);
    else if (spill !== null) this.#advanceSpill(spill, isLate);
    else if (merge !== null) merge.advance(isLate);
    else return false;
    this.#ticks += 1;
    return true;
  }

  #canRead(): boolean {
    return !this.#isAwaiting && this.#feed.current !== undefined && this.#idle() === null;
  }

  #read(isLate: () => boolean): void {
    do {
      this.#readSome();
      this.#checkParseLimit();
    } while (!isLate() && this.#canRead());
    this.#tellLimit();
  }

  #readSome(): void {
    for (let taken = 0; taken < recordsPerGlance; taken += 1) if (!this.#readOne()) return;
  }

  /** False at the end of a batch. */
  #readOne(): boolean {
    const batch = this.#feed.current;
    if (batch === undefined) return false;
    const cursor = this.#ranges.cursor(batch.partition);
    // A batch that was on its way when its partition was dropped.
    const isDropped = cursor.sequence === null;
    const record = isDropped ? null : this.#take(batch);
    if (this.#streamFailed) return false;
    if (record === null) {
      this.#feed.finishCurrent();
      if (!isDropped && batch.next > cursor.position) cursor.position = cursor.limited(batch.next);
      this.#ranges.moveOn(cursor);
      return false;
    }
    if (record.position < cursor.position)
      throw outOfOrder(batch.partition, record.position, cursor.position);
    cursor.position = cursor.limited(record.position);
    this.#ranges.moveOn(cursor);
    // It lies beyond the final end, or beyond what this task is to read.
    if (cursor.sequence === null || cursor.isAtBound) return false;
    if (this.#mustWait(batch, record)) return false;
    this.#intake.take(record, batch.partition, cursor.sequence);
    this.#recordsRead += 1;
    cursor.position = record.position + 1n;
    this.#ranges.moveOn(cursor);
    return true;
  }

  /** A batch may turn out to be damaged only here, where it is decompressed. */
  #take(batch: QueuedBatch): SourceRecord | null {
    try {
      return this.#feed.take(batch);
    } catch (error) {
      this.#streamTrouble(error);
      return null;
    }
  }

  /** A record whose schema is on its way: it is put back, and nothing is read until it has come. Orders are still obeyed. */
  #mustWait(batch: QueuedBatch, record: SourceRecord): boolean {
    const ready = this.#intake.prepare(record, batch.partition);
    if (ready === null) return false;
    this.#feed.putBack(batch, record);
    this.#isAwaiting = true;
    ready
      .then(() => (this.#isAwaiting = false))
      .catch((error: unknown) => this.#streamTrouble(error))
      .finally(() => this.#options.wake());
    return true;
  }

  // Orders.

  pause(requestNo: number): void {
    this.#pausedAtMs = this.#options.now();
    const { last } = this.#ranges;
    if (last === undefined) return;
    const positions = toPositions(this.#ranges.positionsIn(last));
    this.#options.post({ kind: 'paused', taskKey: this.#options.taskKey, requestNo, positions });
  }

  resume(): void {
    this.#pausedAtMs = null;
    this.#options.wake();
  }

  hold(hold: boolean): void {
    this.#isHeld = hold;
    this.#options.wake();
  }

  /** The open sequence stops at `ends`; a task that read beyond them goes back. */
  cut(sequenceId: string, ends: Positions, next: SequenceSetup | null): void {
    const sequence = this.#ranges.find(sequenceId);
    assert(sequence !== undefined, `task ${this.#setup.taskId} holds no sequence ${sequenceId}`);
    if (sequence.ends === null && this.#ranges.cut(sequence, ends, next)) {
      this.#feed.seek(this.#ranges.wanted());
      this.#options.post({ kind: 'rewound', taskKey: this.#options.taskKey, sequenceId });
    }
    this.resume();
  }

  /** Seals what is in memory at this very position and writes it out slice by slice. */
  spill(round: number): void {
    assert(
      this.#spill === null,
      `task ${this.#setup.taskId} is still writing its spill before round ${round}`,
    );
    const planned: PlannedSpill[] = [];
    for (const sequence of this.#ranges.sequences) {
      this.#handLetters(sequence);
      const sealing = sequence.seal(this.#ranges.positionsIn(sequence));
      if (sealing !== null) planned.push({ ...sealing, localPath: this.#spillPath() });
    }
    this.#spill = new SpillRound(round, this.#setup.schema, planned);
    this.#told = null;
    this.#options.wake();
  }

  /** Before anything that says they need not be read again. */
  #handLetters(sequence: ThreadSequence): void {
    const taken = sequence.letters?.take() ?? null;
    if (taken === null) return;
    const positions = toPositions(this.#ranges.positionsIn(sequence));
    const { post, taskKey } = this.#options;
    post({ kind: 'letters', taskKey, sequenceId: sequence.id, localPath: taken.localPath, positions });
  }

  #spillPath(): string {
    this.#spillsWritten += 1;
    return join(this.#setup.folder, `${this.#spillsWritten}.spill`);
  }

  #advanceSpill(spill: SpillRound, isLate: () => boolean): void {
    spill.advance(isLate);
    if (!spill.isDone) return;
    this.#spill = null;
    const sequences = this.#ranges.sequences.map((sequence) => sequence.sealed());
    this.#options.post({ kind: 'spilled', taskKey: this.#options.taskKey, round: spill.round, sequences });
    this.report();
  }

  build(sequenceId: string, header: Json): void {
    this.#merges.want(sequenceId, header);
    this.#options.wake();
  }

  #merge(sequenceId: string, header: Json): SegmentBuild | null {
    const sequence = this.#ranges.find(sequenceId);
    if (sequence === undefined) return null;
    const { taskKey, post, wake } = this.#options;
    return segmentBuild({
      schema: this.#setup.schema,
      spills: sequence.files().map((file) => file.localPath),
      memory: sequence.inMemory(),
      folder: join(this.#setup.folder, `segments-${sequence.setup.ordinal}`),
      header,
      onSlice: wake,
      onBuilt: (files) => {
        this.#merges.finished(sequenceId);
        this.#handLetters(sequence);
        post({ kind: 'segmentsBuilt', taskKey, sequenceId, counters: sequence.tally.counters(), files });
      },
      onFailed: (error) => this.fail(error),
    });
  }

  /** A published sequence: what is not read of it is skipped. */
  drop(sequenceId: string): void {
    const sequence = this.#ranges.find(sequenceId);
    if (sequence === undefined) return;
    this.#merges.cancel(sequenceId);
    this.#dropped = addCounters(this.#dropped, sequence.tally.counters());
    this.#live.drop(sequence);
    if (this.#ranges.drop(sequence)) this.#feed.seek(this.#ranges.wanted());
    this.report();
    this.#options.wake();
  }

  /** For a query; the answer comes when the rows it wants are in files. */
  live(order: Extract<ToThread, { kind: 'live' }>): void {
    this.#live.ask(order);
  }

  liveSent(requestNo: number): void {
    this.#live.sent(requestNo);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#merges.cancelAll();
    this.#feed.close();
    // What cannot be cleared away of the pieces goes with the attempt's folder; a reader must not stay open for it.
    const live = this.#live.close().catch(() => undefined);
    try {
      await this.#options.source.close();
    } finally {
      await live;
    }
  }

  // Limits and reports.

  #idle(): IdleReason | null {
    if (this.#pausedAtMs !== null) return 'paused';
    if (this.#ranges.isEverythingRead) return 'read';
    if (this.#streamFailed) return 'failed';
    if (this.#ranges.isAtBounds) return 'bound';
    if (this.#isHeld || this.#isMemoryFull() || this.#hasManyLetters()) return 'memory';
    return this.#isFull() ? 'full' : null;
  }

  /** Rows not yet on their way into a file: a spill being written has its own room. */
  #isMemoryFull(): boolean {
    const { maxRowsInMemory, maxBytesInMemory } = this.#setup.tuning;
    const { rows, bytes } = this.#ranges.inMemory();
    return rows >= maxRowsInMemory || (maxBytesInMemory !== null && bytes >= maxBytesInMemory);
  }

  /** A stream that cannot be read at all must not fill the disk between two checkpoints, nor while a round waits for letters. */
  #hasManyLetters(): boolean {
    return this.#ranges.letterBytes >= letterBytesMax;
  }

  /** Druid's incremental handoff (druid.md 4.8): the task stops at the limit until it is told the ends. */
  #isFull(): boolean {
    const { last } = this.#ranges;
    return last?.ends === null && last.isFull(this.#setup.tuning);
  }

  /** A limit is told to the main thread at once, and once. */
  #tellLimit(): void {
    const idle = this.#idle();
    if (idle === this.#told) return;
    this.#told = idle;
    if (idle === 'memory' || idle === 'full' || idle === 'bound') this.report();
  }

  #checkParseLimit(): void {
    const limit = this.#setup.tuning.maxParseExceptions;
    if (limit === null) return;
    let found = this.#dropped.unparseable + this.#dropped.processedWithError;
    for (const { tally } of this.#ranges.sequences) found += tally.parseExceptions;
    const { taskId } = this.#setup;
    if (found > limit)
      throw parseLimitExceeded({ taskId, found, limit, first: this.#intake.reports.firstLines });
  }

  /** What has not changed since the last report is told again once a second: that the thread lives is news, too. */
  reportNews(): void {
    // A short pause has become a long one.
    if (this.#pausedAtMs !== null) this.#options.wake();
    const isBusyElsewhere = this.#merges.isWaiting || this.#isAwaiting;
    const isFresh = this.#options.now() - this.#reported.atMs < sameAgainMs;
    if (isBusyElsewhere || !isFresh || this.#newsMark() !== this.#reported.mark) this.report();
  }

  /** Changes with all that a report says, but for times. */
  #newsMark(): string {
    return `${this.#ticks} ${this.#feed.polls} ${this.#live.heldAlone.rows} ${this.#idle()}`;
  }

  report(): void {
    if (this.#isOver) return;
    this.#reported = { mark: this.#newsMark(), atMs: this.#options.now() };
    // Writing a large file is one step that takes long; the workflow's completionTimeout bounds it.
    if (this.#merges.isWaiting) this.#ticks += 1;
    // So is waiting for a schema, which ends by itself: the registry answers, or its client gives up (registry-client.ts).
    if (this.#isAwaiting && this.#idle() === null) this.#ticks += 1;
    const { post, taskKey } = this.#options;
    post({ kind: 'progress', taskKey, report: this.#progress() });
  }

  #progress(): ProgressReport {
    const { sequences, last } = this.#ranges;
    const forPieces = this.#live.heldAlone;
    const inMemory = this.#ranges.inMemory();
    const open = last?.ends === null ? last : undefined;
    return {
      positions: toPositions(this.#ranges.positions()),
      counters: sequences.reduce((sum, { tally }) => addCounters(sum, tally.counters()), this.#dropped),
      rowsInMemory: inMemory.rows + (this.#spill?.rows ?? 0) + forPieces.rows,
      bytesInMemory: inMemory.bytes + (this.#spill?.bytes ?? 0) + forPieces.bytes,
      largestSegmentRows: open?.largestSegmentRows() ?? 0,
      totalRows: open?.totalRows ?? 0,
      recordsRead: this.#recordsRead,
      atMs: this.#options.now(),
      waitedMs: this.#feed.waitedMs,
      ticks: this.#ticks + this.#feed.polls,
      idle: this.#idle(),
      wantsSpill: this.#spill === null && (this.#isMemoryFull() || this.#hasManyLetters()),
      parseProblems: this.#intake.reports.drainLines(),
      parseReports: this.#intake.reports.drainNewest(),
    };
  }

  // Failures.

  /** The task is lost; the attempt ends and the next one begins at the newest checkpoint. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#postFailure(error, false);
  }

  /** What was read before may be gone from the stream by now: it is kept, so that it can be checkpointed. */
  #streamTrouble(error: unknown): void {
    if (this.#isOver) return;
    this.#streamFailed = true;
    this.#postFailure(error, true);
    this.#options.wake();
  }

  #postFailure(error: unknown, rowsKept: boolean): void {
    const { post, taskKey } = this.#options;
    post({ kind: 'failed', taskKey, error: sendError(error), rowsKept });
  }
}
