/** An ingest thread in this thread over a stream in memory: orders go in directly, what it says is kept. */
import { plainJson } from '../../../../domain/spec/input-format.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Positions } from '../../../../domain/positions.ts';
import { toPosition } from '../../../../domain/positions.ts';
import type { DataSchema } from '../../../../domain/spec/spec.ts';
import type {
  FromThread,
  SealedSequence,
  SequenceSetup,
  TaskSetup,
  ToThread,
} from '../../../../activities/ingest/protocol.ts';
import { IngestThread } from '../../../../activities/ingest/thread/ingest-thread.ts';
import { SpillReader } from '../../../../segments/spill.ts';
import type { RecordSource } from '../../../../streams/record-source.ts';
import { MemoryStream } from '../../../../streams/memory-record-source.ts';
import { aDimension, aSchema } from '../../../support/data-schema.ts';
import { waitFor } from '../../../support/wait-for.ts';

type Kind = FromThread['kind'];
type Order = ToThread extends infer Each ? (Each extends ToThread ? Omit<Each, 'taskKey'> : never) : never;

export const schema: DataSchema = aSchema({
  dimensions: [aDimension('id', 'long')],
  rollup: false,
});

export function positions(...offsets: number[]): Positions {
  return Object.fromEntries(offsets.map((offset, partition) => [String(partition), toPosition(offset)]));
}

export function aSequence(ordinal: number, changes: Partial<SequenceSetup> = {}): SequenceSetup {
  return {
    sequenceId: `s${ordinal}`,
    ordinal,
    starts: positions(0, 0),
    ends: null,
    windowMinMs: null,
    windowMaxMs: null,
    sealed: null,
    ...changes,
  };
}

export class ThreadBench {
  readonly stream: MemoryStream;
  readonly said: FromThread[] = [];
  readonly thread: IngestThread;
  readonly folder: string;
  #round = 0;
  #liveRequests = 0;

  private constructor(folder: string, partitions: number, recordsPerBatch: number) {
    this.folder = folder;
    this.stream = new MemoryStream({ name: 'memory', partitions });
    this.thread = new IngestThread({
      post: (message) => {
        this.onSaid(message);
        this.said.push(structuredClone(message));
      },
      openSource: () => this.openSource(this.stream.openSource({ recordsPerBatch })),
    });
  }

  static async open(options: { partitions?: number; recordsPerBatch?: number } = {}): Promise<ThreadBench> {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-thread-'));
    return new ThreadBench(folder, options.partitions ?? 2, options.recordsPerBatch ?? 10);
  }

  /** A test may throw here: the message is not posted. */
  onSaid: (message: FromThread) => void = () => undefined;

  /** A test may put something between the stream and the thread. */
  openSource: (source: RecordSource) => RecordSource = (source) => source;

  /** Records of `partition` hold ids 1000 * partition + offset. */
  produce(partition: number, count: number): void {
    for (let sent = 0; sent < count; sent += 1) {
      const id = 1_000 * partition + this.#produced(partition);
      this.stream.append(String(partition), { value: JSON.stringify({ t: 1_767_225_600_000 + id, id }) });
      this.#counts.set(partition, this.#produced(partition) + 1);
    }
  }

  readonly #counts = new Map<number, number>();

  #produced(partition: number): number {
    return this.#counts.get(partition) ?? 0;
  }

  async start(changes: Partial<TaskSetup> = {}, taskKey = 1): Promise<void> {
    const order: Order = {
      kind: 'start',
      setup: {
        taskId: 'task',
        source: { kind: 'test', name: 'memory' },
        identities: { 0: 'memory-1', 1: 'memory-1' },
        topic: 'test',
        inputFormat: plainJson,
        wantsLetters: false,
        partitions: ['0', '1'],
        schema,
        tuning: {
          maxRowsInMemory: 1_000_000,
          maxBytesInMemory: null,
          maxRowsPerSegment: 5_000_000,
          maxTotalRows: 20_000_000,
          maxParseExceptions: null,
          maxSavedParseExceptions: 0,
        },
        pollMs: 20,
        folder: this.folder,
        sequences: [aSequence(0)],
        ...changes,
      },
    };
    this.order(order, taskKey);
    await waitFor(
      () =>
        this.said.find((one) => one.taskKey === taskKey && (one.kind === 'started' || one.kind === 'failed')),
      { what: 'the start', everyMs: 2 },
    );
  }

  order(order: Order, taskKey = 1): void {
    this.thread.receive({ ...order, taskKey });
  }

  #find<K extends Kind>(kind: K): Extract<FromThread, { kind: K }> | undefined {
    return this.said.findLast(
      (message): message is Extract<FromThread, { kind: K }> => message.kind === kind,
    );
  }

  /** The newest message of a kind, once there is one that fits. */
  async next<K extends Kind>(
    kind: K,
    fits: (message: Extract<FromThread, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<FromThread, { kind: K }>> {
    return waitFor(
      () => {
        const found = this.#find(kind);
        return found !== undefined && fits(found) ? found : undefined;
      },
      { what: `a fitting ${kind}`, everyMs: 2, timeoutMs: 5_000 },
    );
  }

  async readAll(expected: Positions): Promise<void> {
    await this.next('progress', ({ report }) =>
      Object.entries(expected).every(([partition, position]) => report.positions[partition] === position),
    );
  }

  async pause(requestNo = 1, taskKey = 1): Promise<Positions> {
    this.order({ kind: 'pause', requestNo }, taskKey);
    return (await this.next('paused', (message) => message.requestNo === requestNo)).positions;
  }

  async spill(taskKey = 1): Promise<readonly SealedSequence[]> {
    this.#round += 1;
    const round = this.#round;
    this.order({ kind: 'spill', round }, taskKey);
    return (await this.next('spilled', (message) => message.round === round)).sequences;
  }

  /** Asks as a query does, and waits for the answer. */
  async live(
    sequenceId: string,
    options: { atLeast?: Positions | null; waitMs?: number; taskKey?: number } = {},
  ): Promise<Extract<FromThread, { kind: 'liveRows' }>> {
    this.#liveRequests += 1;
    const requestNo = this.#liveRequests;
    const { atLeast = null, waitMs = 5_000, taskKey = 1 } = options;
    this.order({ kind: 'live', requestNo, sequenceId, atLeast, waitMs }, taskKey);
    return waitFor(
      () =>
        this.said.find(
          (message): message is Extract<FromThread, { kind: 'liveRows' }> =>
            message.kind === 'liveRows' && message.requestNo === requestNo,
        ),
      { what: `live rows of ${sequenceId}`, everyMs: 2, timeoutMs: waitMs + 5_000 },
    );
  }

  /** Ids that are sealed in a sequence, ascending. */
  async sealedIds(sequences: readonly SealedSequence[], sequenceId: string): Promise<number[]> {
    const sealed = sequences.find((sequence) => sequence.sequenceId === sequenceId);
    const ids: number[] = [];
    for (const { localPath } of sealed?.files ?? []) {
      const reader = await SpillReader.open(localPath, schema);
      for (;;) {
        if (reader.needsLoad) await reader.load();
        const row = reader.current;
        if (row === null) break;
        ids.push(Number(row.dimensions[0]));
        reader.advance();
      }
      await reader.close();
    }
    return ids.sort((left, right) => left - right);
  }

  /** Every attempt has scratch of its own. */
  newFolder(): Promise<string> {
    return mkdtemp(join(this.folder, 'attempt-'));
  }

  async close(): Promise<void> {
    await this.thread.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** `[from, to)`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
