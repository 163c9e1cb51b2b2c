/** What the ingest activity needs of its process; `workers/ingest.ts` builds it once, tests build their own. */
import type { GenerationKey } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import type { IoConfig } from '../../domain/spec/spec.ts';
import type { DeepStorage } from '../../segments/deep-storage/deep-storage.ts';
import type { Database } from '../../storage/call.ts';
import type { LetterSink } from './dead-letter-office.ts';
import type { Failpoints } from './failpoints.ts';
import type { HighWater } from './high-water.ts';
import type { LiveBoard } from './live-board.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { NoticeBoard } from './notice-board.ts';
import type { SourceSetup } from './protocol.ts';
import type { Siblings } from './siblings.ts';
import type { ThreadPool } from './thread-pool.ts';

export type GroupSignal = 'replicaStarted' | 'checkpointRequested';

export type IngestDeps = {
  readonly pool: Database;
  readonly notices: NoticeBoard;
  readonly deepStorage: DeepStorage;
  readonly threads: ThreadPool;
  readonly memory: MemoryBudget;
  readonly siblings: Siblings;
  readonly highWater: HighWater;
  readonly failpoints: Failpoints;
  /** Where queries ask for the rows of running tasks. */
  readonly live: LiveBoard;
  readonly workerId: string;
  /** Folder of this process for files that may be lost. */
  readonly scratch: string;
  readonly sourceOf: (io: IoConfig, taskId: string) => SourceSetup;
  /** Only asked for when the spec wants dead letters. */
  readonly letterSink: (
    io: IoConfig,
    task: { readonly supervisorId: string; readonly taskId: string; readonly scratch: string },
  ) => LetterSink;
  readonly signalGroup: (key: GenerationKey, name: GroupSignal, payload: Json) => Promise<void>;
  readonly log: Log;
};

export type Log = {
  info(facts: { readonly [key: string]: Json | undefined }, message: string): void;
  warn(facts: { readonly [key: string]: Json | undefined }, message: string): void;
};
