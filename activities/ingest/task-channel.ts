/**
 * The main thread's end of one attempt running in an ingest thread: orders out, answers as promises, the rest as events.
 *
 * Once the task or its thread is lost every open answer is rejected and every later order too; nothing waits for ever.
 */
import type { Json } from '../../domain/json.ts';
import type { Positions } from '../../domain/positions.ts';
import type { HandedLetters } from './dead-letter-office.ts';
import { receiveError } from './protocol.ts';
import type {
  FromThread,
  HeldRows,
  ProgressReport,
  SealedSequence,
  SequenceSetup,
  TaskKey,
  ToThread,
} from './protocol.ts';

export type BuiltSegments = Pick<Extract<FromThread, { kind: 'segmentsBuilt' }>, 'files' | 'counters'>;

export type LiveWanted = Pick<Extract<ToThread, { kind: 'live' }>, 'sequenceId' | 'atLeast' | 'waitMs'>;

export type LiveAnswer = {
  readonly requestNo: number;
  readonly held: HeldRows | null;
  readonly trouble: string | null;
};

export type TaskEvents = {
  readonly onProgress: (report: ProgressReport) => void;
  readonly onSequenceRead: (sequenceId: string) => void;
  readonly onRewound: (sequenceId: string) => void;
  readonly onLetters: (letters: HandedLetters) => void;
  /** The stream gave up; what was read before can still be spilled. */
  readonly onStreamFailed: (error: Error) => void;
  /** The task or its thread is gone. */
  readonly onLost: (error: Error) => void;
};

type Waiting = {
  readonly resolve: (answer: FromThread | null) => void;
  readonly reject: (error: Error) => void;
};

export class TaskChannel {
  readonly taskKey: TaskKey;
  readonly #send: (message: ToThread) => void;
  readonly #events: TaskEvents;
  readonly #waiting = new Map<string, Waiting>();
  #round = 0;
  #liveRequests = 0;
  #lost: Error | null = null;

  constructor(options: { taskKey: TaskKey; send: (message: ToThread) => void; events: TaskEvents }) {
    this.taskKey = options.taskKey;
    this.#send = options.send;
    this.#events = options.events;
  }

  async start(setup: Extract<ToThread, { kind: 'start' }>['setup']): Promise<void> {
    await this.#ask('started', { kind: 'start', taskKey: this.taskKey, setup });
  }

  async pause(requestNo: number): Promise<Positions> {
    const answer = await this.#ask(`paused ${requestNo}`, {
      kind: 'pause',
      taskKey: this.taskKey,
      requestNo,
    });
    return (answer as Extract<FromThread, { kind: 'paused' }>).positions;
  }

  resume(): void {
    this.#order({ kind: 'resume', taskKey: this.taskKey });
  }

  cut(sequenceId: string, ends: Positions, next: SequenceSetup | null): void {
    this.#order({ kind: 'ends', taskKey: this.taskKey, sequenceId, ends, next });
  }

  hold(hold: boolean): void {
    this.#order({ kind: 'hold', taskKey: this.taskKey, hold });
  }

  /** One round at a time is the caller's affair. */
  async spill(): Promise<readonly SealedSequence[]> {
    this.#round += 1;
    const round = this.#round;
    const answer = await this.#ask(`spilled ${round}`, { kind: 'spill', taskKey: this.taskKey, round });
    return (answer as Extract<FromThread, { kind: 'spilled' }>).sequences;
  }

  /** Null: the sequence was dropped meanwhile. */
  async build(sequenceId: string, header: Json): Promise<BuiltSegments | null> {
    const order: ToThread = { kind: 'build', taskKey: this.taskKey, sequenceId, header };
    const answer = await this.#ask(`built ${sequenceId}`, order);
    return answer as Extract<FromThread, { kind: 'segmentsBuilt' }> | null;
  }

  /** Rows of a sequence for a query; null: it is not in the thread (any more). Call `liveSent` when the files are sent. */
  async live(wanted: LiveWanted): Promise<LiveAnswer> {
    this.#liveRequests += 1;
    const requestNo = this.#liveRequests;
    const order: ToThread = { kind: 'live', taskKey: this.taskKey, requestNo, ...wanted };
    const { held, trouble } = (await this.#ask(`live ${requestNo}`, order)) as Extract<
      FromThread,
      { kind: 'liveRows' }
    >;
    return { requestNo, held, trouble };
  }

  liveSent(requestNo: number): void {
    this.#order({ kind: 'liveSent', taskKey: this.taskKey, requestNo });
  }

  drop(sequenceId: string): void {
    this.#answer(`built ${sequenceId}`, null);
    this.#order({ kind: 'drop', taskKey: this.taskKey, sequenceId });
  }

  /** Ends the task in the thread; what was not spilled is gone. Never throws. */
  async stop(): Promise<void> {
    await this.#ask('stopped', { kind: 'stop', taskKey: this.taskKey }).catch(() => undefined);
  }

  receive(message: FromThread): void {
    switch (message.kind) {
      case 'started':
        return this.#answer('started', message);
      case 'stopped':
        this.#answer('stopped', message);
        return this.#rejectAll(new Error('the task was stopped'));
      case 'paused':
        return this.#answer(`paused ${message.requestNo}`, message);
      case 'spilled':
        return this.#answer(`spilled ${message.round}`, message);
      case 'segmentsBuilt':
        return this.#answer(`built ${message.sequenceId}`, message);
      case 'liveRows':
        return this.#answer(`live ${message.requestNo}`, message);
      case 'progress':
        return this.#events.onProgress(message.report);
      case 'sequenceRead':
        return this.#events.onSequenceRead(message.sequenceId);
      case 'rewound':
        return this.#events.onRewound(message.sequenceId);
      case 'letters':
        return this.#events.onLetters(message);
      case 'failed':
        return message.rowsKept
          ? this.#events.onStreamFailed(receiveError(message.error))
          : this.#taskFailed(receiveError(message.error));
      default:
        message satisfies never;
    }
  }

  /** The thread itself is gone. */
  threadLost(error: Error): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    this.#taskFailed(error);
  }

  /** The thread lives on and still has to be told to stop. */
  #taskFailed(error: Error): void {
    this.#rejectAll(error);
    this.#events.onLost(error);
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #answer(key: string, message: FromThread | null): void {
    this.#waiting.get(key)?.resolve(message);
    this.#waiting.delete(key);
  }

  #order(message: ToThread): void {
    if (this.#lost === null) this.#send(message);
  }

  #ask(key: string, message: ToThread): Promise<FromThread | null> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) return reject(this.#lost);
      this.#waiting.set(key, { resolve, reject });
      this.#send(message);
    });
  }
}
