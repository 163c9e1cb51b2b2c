/** What the control activities work with; built by `workers/control.ts`, and by tests. */
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import type { DeepStorage } from '../segments/deep-storage/deep-storage.ts';
import type { Notifications } from '../storage/notifications.ts';
import type { GroupOffsets } from '../streams/kafka/group-offsets.ts';
import type { RecordSource } from '../streams/record-source.ts';
import type { Queues } from '../workflows/contract.ts';

export type ControlDeps = {
  readonly pool: pg.Pool;
  readonly notifications: Pick<Notifications, 'listen'>;
  readonly deepStorage: DeepStorage;
  readonly client: Client;
  readonly queues: Queues;
  readonly openSource: (spec: SupervisorSpec) => RecordSource;
  /** For `mirrorConsumerGroup`. */
  readonly openGroupOffsets: (spec: SupervisorSpec) => GroupOffsets;
  readonly now: () => number;
  /** Eight letters from a to p, random: the tail of a task id. */
  readonly newLetters: () => string;
  readonly reaperGraceMs: number;
  /** The longest one `watch` call lasts; its worst case costs history four times an hour. */
  readonly watchLimitMs: number;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
};
