/**
 * One attempt of one task inside an ingest thread: reads, cuts sequences at their ends, spills and merges in slices.
 *
 * Every partition has one position, and the sequences are ranges over it: a record goes to the sequence that covers it,
 * so rows stop exactly at the written ends while reading goes on behind them. Messages are handled between two slices,
 * therefore between two records: the position in an answer is exact. Never touches Postgres or deep storage.
 */
import { join } from 'node:path';
import { assert } from '../../../domain/assert.ts';
import { addCounters, zeroCounters } from '../../../domain/counters.ts';
import type { IngestCounters } from '../../../domain/counters.ts';
import { HeadgateError } from '../../../domain/errors.ts';
import type { Json } from '../../../domain/json.ts';
import type { Positions } from '../../../domain/positions.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import type {
  FromThread,
  IdleReason,
  ProgressReport,
  SequenceSetup,
  TaskKey,
  TaskSetup,
} from '../protocol.ts';
import { sendError } from '../protocol.ts';
import { PartitionCursor } from './partition-cursor.ts';
import { RecordFeed } from './record-feed.ts';
import { RowIntake } from './row-intake.ts';
import type { Sliced } from './scheduler.ts';
import { SegmentBuild } from './segment-build.ts';
import { SpillRound } from './spill-round.ts';
import type { PlannedSpill } from './spill-round.ts';
import { ThreadSequence, toBigints, toPositions } from './thread-sequence.ts';

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
  readonly taskKey: TaskKey;
  readonly #setup: TaskSetup;
  readonly #post: (message: FromThread) => void;
  readonly #wake: () => void;
  readonly #now: () => number;
  readonly #source: RecordSource;
  readonly #feed: RecordFeed;
  readonly #intake: RowIntake;
  readonly #cursors: ReadonlyMap<string, PartitionCursor>;
  readonly #builds = new Map<string, SegmentBuild>();
  readonly #buildsWanted = new Map<string, Json>();
  #sequences: ThreadSequence[];
  #spill: SpillRound | null = null;
  #spillsWritten = 0;
  /** Of the sequences that are gone. */
  #dropped: IngestCounters = zeroCounters;
  #ticks = 0;
  #isPaused = false;
  #isHeld = false;
  #isOver = false;
  #streamFailed = false;
  #partitionsLeft: number;
  #told: IdleReason | null = null;
  /** Which of reading, spilling and merging has the next slice. */
  #turn = 0;

  constructor(options: ThreadTaskOptions) {
    const { setup } = options;
    this.taskKey = options.taskKey;
    this.#setup = setup;
    this.#post = options.post;
    this.#wake = options.wake;
    this.#now = options.now;
    this.#source = options.source;
    this.#intake = new RowIntake(setup.schema);
    this.#sequences = setup.sequences.map((sequence) => new ThreadSequence(sequence, setup.schema));
    assert(this.#sequences.length > 0, `task ${setup.taskId} was started without a sequence`);
    this.#feed = new RecordFeed({
      source: options.source,
      pollMs: setup.pollMs,
      onPolled: () => this.#wake(),
      onFailed: (error) => this.#streamTrouble(error),
    });
    this.#cursors = new Map(setup.partitions.map((partition) => [partition, new PartitionCursor(partition)]));
    this.#partitionsLeft = this.#cursors.size;
    for (const cursor of this.#cursors.values()) this.#place(cursor);
  }

  /** Opens the reader and says what is read already. */
  begin(): void {
    this.#seek();
    this.#post({ kind: 'started', taskKey: this.taskKey });
    for (const sequence of this.#sequences) this.#announceIfRead(sequence);
  }

  // Slices.

  wantsSlice(): boolean {
    if (this.#isOver) return false;
    const canRead = this.#canRead();
    if (!canRead && this.#idle() === null) this.#feed.poll();
    return canRead || this.#spill !== null || this.#readyBuild() !== null;
  }

  slice(deadlineMs: number): void {
    try {
      this.#ticks += 1;
      this.#work(deadlineMs);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Reading, spilling and merging take turns, so that none waits for the other two. */
  #work(deadlineMs: number): void {
    for (let looked = 0; looked < 3; looked += 1) {
      this.#turn = (this.#turn + 1) % 3;
      if (this.#turn === 0 && this.#canRead()) return this.#read(deadlineMs);
      if (this.#turn === 1 && this.#spill !== null) return this.#advanceSpill(this.#spill, deadlineMs);
      if (this.#turn === 2 && this.#readyBuild() !== null)
        return this.#readyBuild()?.advance(() => this.#now() >= deadlineMs);
    }
  }

  #canRead(): boolean {
    return this.#feed.current !== undefined && this.#idle() === null;
  }

  #read(deadlineMs: number): void {
    do {
      this.#readSome();
      this.#checkParseLimit();
    } while (this.#now() < deadlineMs && this.#feed.current !== undefined && this.#idle() === null);
    this.#tellLimit();
  }

  #readSome(): void {
    for (let taken = 0; taken < recordsPerGlance; taken += 1) if (!this.#readOne()) return;
  }

  /** False at the end of a batch. */
  #readOne(): boolean {
    const batch = this.#feed.current;
    if (batch === undefined) return false;
    const cursor = this.#cursor(batch.partition);
    // A batch that was on its way when its partition was dropped.
    const step = cursor.sequence === null ? null : batch.records.next();
    if (step === null) {
      this.#feed.finishCurrent();
      return false;
    }
    if (step.done === true) {
      this.#feed.finishCurrent();
      cursor.position = batch.next > cursor.position ? batch.next : cursor.position;
      this.#moveOn(cursor);
      return false;
    }
    const record = step.value;
    if (record.position < cursor.position) return true;
    cursor.position = record.position;
    this.#moveOn(cursor);
    // Beyond the final end: the reader has been told to drop the partition.
    if (cursor.sequence === null) return false;
    this.#intake.take(record, batch.partition, cursor.sequence);
    cursor.position = record.position + 1n;
    this.#moveOn(cursor);
    return true;
  }

  // Ranges.

  #cursor(partition: string): PartitionCursor {
    const cursor = this.#cursors.get(partition);
    assert(cursor !== undefined, `task ${this.#setup.taskId} does not read partition ${partition}`);
    return cursor;
  }

  /** To the first sequence that this partition has not finished, where that one is sealed up to. */
  #place(cursor: PartitionCursor): void {
    for (const sequence of this.#sequences) {
      cursor.enter(sequence, sequence.sealedPosition(cursor.partition));
      if (!cursor.isAtEnd) return;
      sequence.unread.delete(cursor.partition);
    }
    this.#leave(cursor);
  }

  #leave(cursor: PartitionCursor): void {
    cursor.leave();
    this.#partitionsLeft -= 1;
  }

  /** Into the next sequence, each time the position has reached an end. */
  #moveOn(cursor: PartitionCursor): void {
    while (cursor.isAtEnd) {
      const finished = cursor.sequence;
      if (finished === null) return;
      finished.unread.delete(cursor.partition);
      const next = this.#sequences[this.#sequences.indexOf(finished) + 1];
      if (next === undefined) {
        this.#leave(cursor);
        this.#feed.drop(cursor.partition);
      } else cursor.enter(next, cursor.position);
      this.#announceIfRead(finished);
    }
  }

  #announceIfRead(sequence: ThreadSequence): void {
    if (sequence.ends === null || sequence.unread.size > 0) return;
    this.#post({ kind: 'sequenceRead', taskKey: this.taskKey, sequenceId: sequence.id });
    this.report();
  }

  #seek(): void {
    const positions = new Map<string, bigint>();
    for (const cursor of this.#cursors.values())
      if (cursor.sequence !== null) positions.set(cursor.partition, cursor.position);
    this.#feed.seek(positions);
  }

  #positionsOf(sequence: ThreadSequence): Map<string, bigint> {
    return new Map(
      [...this.#cursors.values()].map(({ partition, position }) => [
        partition,
        sequence.within(partition, position),
      ]),
    );
  }

  #find(sequenceId: string): ThreadSequence | undefined {
    return this.#sequences.find((sequence) => sequence.id === sequenceId);
  }

  // Orders.

  pause(requestNo: number): void {
    this.#isPaused = true;
    const open = this.#sequences.at(-1);
    if (open === undefined) return;
    const positions: Positions = toPositions(this.#positionsOf(open));
    this.#post({ kind: 'paused', taskKey: this.taskKey, requestNo, positions });
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  hold(hold: boolean): void {
    this.#isHeld = hold;
    this.#wake();
  }

  /** The open sequence stops at `ends`; whoever read beyond them goes back. */
  cut(sequenceId: string, ends: Positions, next: SequenceSetup | null): void {
    const sequence = this.#find(sequenceId);
    assert(sequence !== undefined, `task ${this.#setup.taskId} holds no sequence ${sequenceId}`);
    if (sequence.ends === null) {
      sequence.ends = toBigints(ends);
      if (next !== null) this.#sequences.push(new ThreadSequence(next, this.#setup.schema));
      this.#goBackIfBeyond(sequence, sequence.ends);
      for (const cursor of this.#cursors.values())
        if (cursor.sequence === sequence) {
          cursor.end = sequence.ends.get(cursor.partition) ?? null;
          this.#moveOn(cursor);
        }
    }
    this.resume();
  }

  #goBackIfBeyond(sequence: ThreadSequence, ends: ReadonlyMap<string, bigint>): void {
    const inIt = [...this.#cursors.values()].filter((cursor) => cursor.sequence === sequence);
    if (inIt.every(({ partition, position }) => position <= (ends.get(partition) ?? position))) return;
    const positions = sequence.rewind(ends);
    for (const cursor of inIt) cursor.position = positions.get(cursor.partition) ?? cursor.position;
    this.#seek();
    this.#post({ kind: 'rewound', taskKey: this.taskKey, sequenceId: sequence.id });
  }

  /** Seals what is in memory at this very position and writes it out slice by slice. */
  spill(round: number): void {
    assert(
      this.#spill === null,
      `task ${this.#setup.taskId} is still writing its spill before round ${round}`,
    );
    const planned: PlannedSpill[] = [];
    for (const sequence of this.#sequences) {
      const sealing = sequence.seal(this.#positionsOf(sequence));
      if (sealing !== null) planned.push({ ...sealing, localPath: this.#spillPath() });
    }
    this.#spill = new SpillRound(round, planned);
    this.#told = null;
    this.#wake();
  }

  #spillPath(): string {
    this.#spillsWritten += 1;
    return join(this.#setup.folder, `${this.#spillsWritten}.spill`);
  }

  #advanceSpill(spill: SpillRound, deadlineMs: number): void {
    spill.advance(() => this.#now() >= deadlineMs);
    if (!spill.isDone) return;
    this.#spill = null;
    this.#post({
      kind: 'spilled',
      taskKey: this.taskKey,
      round: spill.round,
      sequences: this.#sequences.map((sequence) => sequence.sealed()),
    });
    this.report();
  }

  build(sequenceId: string, header: Json): void {
    this.#buildsWanted.set(sequenceId, header);
    this.#wake();
  }

  /** Files being written belong to the sequences, so a merge starts when they are complete. */
  #readyBuild(): SegmentBuild | null {
    if (this.#spill === null)
      for (const [sequenceId, header] of this.#buildsWanted) this.#startBuild(sequenceId, header);
    for (const build of this.#builds.values()) if (build.isReady) return build;
    return null;
  }

  #startBuild(sequenceId: string, header: Json): void {
    this.#buildsWanted.delete(sequenceId);
    const sequence = this.#find(sequenceId);
    if (sequence === undefined) return;
    const build = new SegmentBuild({
      schema: this.#setup.schema,
      spills: sequence.files().map((file) => file.localPath),
      memory: sequence.index.rows > 0 ? sequence.index : null,
      folder: join(this.#setup.folder, `segments-${sequence.setup.ordinal}`),
      header,
      onSlice: this.#wake,
      onBuilt: (files) => {
        this.#builds.delete(sequenceId);
        const counters = sequence.tally.counters();
        this.#post({ kind: 'segmentsBuilt', taskKey: this.taskKey, sequenceId, counters, files });
      },
      onFailed: (error) => this.fail(error),
    });
    this.#builds.set(sequenceId, build);
  }

  /** A published sequence: what is not read of it is skipped. */
  drop(sequenceId: string): void {
    const sequence = this.#find(sequenceId);
    if (sequence === undefined) return;
    assert(sequence.ends !== null, `sequence ${sequenceId} is open; only an ended one can be dropped`);
    this.#builds.get(sequenceId)?.cancel();
    this.#builds.delete(sequenceId);
    this.#buildsWanted.delete(sequenceId);
    let hasJumped = false;
    for (const cursor of this.#cursors.values()) {
      if (cursor.sequence !== sequence) continue;
      cursor.position = sequence.ends.get(cursor.partition) ?? cursor.position;
      this.#moveOn(cursor);
      hasJumped = true;
    }
    this.#sequences = this.#sequences.filter((other) => other !== sequence);
    this.#dropped = addCounters(this.#dropped, sequence.tally.counters());
    if (hasJumped) this.#seek();
    this.report();
    this.#wake();
  }

  async close(): Promise<void> {
    this.#isOver = true;
    for (const build of this.#builds.values()) build.cancel();
    this.#feed.close();
    await this.#source.close();
  }

  // Limits and reports.

  #idle(): IdleReason | null {
    if (this.#isPaused) return 'paused';
    if (this.#partitionsLeft === 0) return 'read';
    if (this.#streamFailed) return 'failed';
    if (this.#isHeld || this.#isMemoryFull()) return 'memory';
    return this.#isFull() ? 'full' : null;
  }

  /** Rows not yet on their way into a file: a spill being written has its own room. */
  #isMemoryFull(): boolean {
    const { maxRowsInMemory, maxBytesInMemory } = this.#setup.tuning;
    let rows = 0;
    let bytes = 0;
    for (const { index } of this.#sequences) {
      rows += index.rows;
      bytes += index.bytes;
    }
    return rows >= maxRowsInMemory || (maxBytesInMemory !== null && bytes >= maxBytesInMemory);
  }

  /** Druid's incremental handoff (druid.md 4.8): the task stops at the limit until it is told the ends. */
  #isFull(): boolean {
    const open = this.#sequences.at(-1);
    return open?.ends === null && open.isFull(this.#setup.tuning);
  }

  /** A limit is told to the main thread at once, and once. */
  #tellLimit(): void {
    const idle = this.#idle();
    if (idle === this.#told) return;
    this.#told = idle;
    if (idle === 'memory' || idle === 'full') this.report();
  }

  #checkParseLimit(): void {
    const limit = this.#setup.tuning.maxParseExceptions;
    if (limit === null) return;
    let found = 0;
    for (const { tally } of this.#sequences) found += tally.parseExceptions;
    if (found <= limit) return;
    const first = this.#intake.firstProblems;
    throw new HeadgateError(
      'PARSE_LIMIT_EXCEEDED',
      `task ${this.#setup.taskId}: ${found} rows could not be parsed, maxParseExceptions allows ${limit}; first: ${first.join(' | ')}; correct the data, the spec or the limit`,
      { details: { found, limit, first } },
    );
  }

  report(): void {
    if (this.#isOver) return;
    this.#post({ kind: 'progress', taskKey: this.taskKey, report: this.#progress() });
  }

  #progress(): ProgressReport {
    const open = this.#sequences.at(-1);
    const idle = this.#idle();
    // Writing a large file is one step that takes long; the workflow's completionTimeout bounds it.
    for (const build of this.#builds.values()) if (build.isWaiting) this.#ticks += 1;
    return {
      positions: toPositions(
        [...this.#cursors.values()].map(({ partition, position }) => [partition, position]),
      ),
      counters: this.#sequences.reduce((sum, { tally }) => addCounters(sum, tally.counters()), zeroCounters),
      rowsInMemory: this.#sequences.reduce((sum, { index }) => sum + index.rows, this.#spill?.rows ?? 0),
      bytesInMemory: this.#sequences.reduce((sum, { index }) => sum + index.bytes, this.#spill?.bytes ?? 0),
      largestSegmentRows: open?.ends === null ? open.largestSegmentRows() : 0,
      totalRows: open?.ends === null ? open.totalRows : 0,
      ticks: this.#ticks + this.#feed.polls,
      idle,
      wantsSpill: this.#spill === null && this.#isMemoryFull(),
      parseProblems: this.#intake.drainProblems(),
    };
  }

  // Failures.

  /** The task is lost; the attempt ends and the next one begins at the newest checkpoint. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#post({ kind: 'failed', taskKey: this.taskKey, error: sendError(error), rowsKept: false });
  }

  /** What was read before may be gone from the stream by now: it is kept, so that it can be checkpointed. */
  #streamTrouble(error: unknown): void {
    if (this.#isOver) return;
    this.#streamFailed = true;
    this.#post({ kind: 'failed', taskKey: this.taskKey, error: sendError(error), rowsKept: true });
    this.#wake();
  }
}
