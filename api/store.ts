/** What the doors need of Postgres, bound to one pool, so that a test can stand in for it. */
import type { Pool } from 'pg';
import { readAutoscaler } from '../storage/autoscalers.ts';
import { readParseReports } from '../storage/bad-records.ts';
import { processesAtWork } from '../storage/catalog.ts';
import { liveGenerations } from '../storage/generations.ts';
import type { GenerationRow } from '../storage/generations.ts';
import { readPartitions, readStreamPositions } from '../storage/partitions.ts';
import type { PartitionRow } from '../storage/partitions.ts';
import { readStory, tellStory } from '../storage/stories.ts';
import {
  listCommands,
  listSupervisors,
  readCommand,
  readSupervisor,
  recordCommand,
  replaceSupervisorVersion,
  storeTombstone,
  supervisorHistory,
  versionEffects,
} from '../storage/supervisors.ts';
import type { SupervisorRow } from '../storage/supervisors.ts';

export type { GenerationRow, PartitionRow, SupervisorRow };

type Bound<F> = F extends (pool: Pool, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

export type Store = {
  readonly replaceVersion: Bound<typeof replaceSupervisorVersion>;
  readonly storeTombstone: Bound<typeof storeTombstone>;
  readonly read: Bound<typeof readSupervisor>;
  readonly list: Bound<typeof listSupervisors>;
  readonly history: Bound<typeof supervisorHistory>;
  readonly recordCommand: Bound<typeof recordCommand>;
  readonly readCommand: Bound<typeof readCommand>;
  readonly commands: Bound<typeof listCommands>;
  readonly versionEffects: Bound<typeof versionEffects>;
  readonly autoscaler: Bound<typeof readAutoscaler>;
  readonly story: Bound<typeof readStory>;
  readonly tellStory: Bound<typeof tellStory>;
  readonly processes: Bound<typeof processesAtWork>;
  readonly liveGenerations: Bound<typeof liveGenerations>;
  readonly partitions: Bound<typeof readPartitions>;
  readonly parseReports: Bound<typeof readParseReports>;
  readonly streamPositions: Bound<typeof readStreamPositions>;
};

export type StreamPositionRow = Awaited<ReturnType<Store['streamPositions']>>[number];
export type ProcessRow = Awaited<ReturnType<Store['processes']>>[number];
export type HistoryRow = Awaited<ReturnType<Store['history']>>[number];

export function openStore(pool: Pool): Store {
  return {
    replaceVersion: (input) => replaceSupervisorVersion(pool, input),
    storeTombstone: (input) => storeTombstone(pool, input),
    read: (id) => readSupervisor(pool, id),
    list: () => listSupervisors(pool),
    history: (id) => supervisorHistory(pool, id),
    recordCommand: (input) => recordCommand(pool, input),
    readCommand: (id) => readCommand(pool, id),
    commands: (id, options) => listCommands(pool, id, options),
    versionEffects: (id, version) => versionEffects(pool, id, version),
    autoscaler: (id) => readAutoscaler(pool, id),
    story: (id, options) => readStory(pool, id, options),
    tellStory: (line) => tellStory(pool, line),
    processes: () => processesAtWork(pool),
    liveGenerations: (id) => liveGenerations(pool, id),
    partitions: (id) => readPartitions(pool, id),
    parseReports: (id) => readParseReports(pool, id),
    streamPositions: (id) => readStreamPositions(pool, id),
  };
}
