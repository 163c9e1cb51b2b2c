/**
 * What `?wait=true` waits for: the effect of an order as Postgres shows it, not that somebody has noted it. Each effect
 * answers what is still missing, in words for the operator; null: it is there.
 */
import { comparePartitions } from '../domain/partition-key.ts';
import { groupsOf } from '../domain/supervisor/grouping.ts';
import type { GenerationRow, PartitionRow, Store, SupervisorRow } from './store.ts';
import { storedSpec } from './supervisor-specs.ts';

/** One moment of a supervisor. */
export type Scene = {
  readonly row: SupervisorRow | null;
  readonly generations: readonly GenerationRow[];
  readonly partitions: readonly PartitionRow[];
};

export type Effect = (now: Scene) => string | null;

export async function readScene(store: Store, supervisorId: string): Promise<Scene> {
  const [row, generations, partitions] = await Promise.all([
    store.read(supervisorId),
    store.liveGenerations(supervisorId),
    store.partitions(supervisorId),
  ]);
  return { row, generations, partitions };
}

/** The groups named stopped reading, and what they read is being read by the next generation. */
export function handedOff(before: Scene, groupIds: readonly number[]): Effect {
  const named = reading(before).filter(({ key }) => groupIds.includes(key.groupId));
  return (now) => {
    const still = named.filter((old) => reading(now).some((generation) => isSame(generation, old)));
    if (still.length > 0)
      return `the end of reading of ${list(
        'group',
        still.map(({ key }) => String(key.groupId)),
      )}`;
    return uncovered(
      now,
      named.flatMap(({ partitions }) => partitions),
    );
  };
}

/** Every open partition has a position and is being read. */
export const readAgain: Effect = (now) => {
  if (!isToRead(now)) return null;
  // A new supervisor has not looked at its stream yet: nothing to read is not known to be nothing.
  if (now.partitions.length === 0) return 'the partitions of the stream';
  const open = now.partitions.filter(({ state }) => state === 'open');
  const unseeded = open.filter(({ nextPosition }) => nextPosition === null);
  if (unseeded.length > 0)
    return `a start position of ${list(
      'partition',
      unseeded.map(({ partition }) => partition),
    )}`;
  return uncovered(
    now,
    open.map(({ partition }) => partition),
  );
};

/** The partitions are spread over the groups that the newest spec wants. */
export const scaled: Effect = (now) => {
  const spec = storedSpec(now.row?.specText ?? null);
  if (!isToRead(now) || spec === null) return null;
  const open = now.partitions.filter(({ state }) => state === 'open');
  const wanted = groupsOf(
    open.map(({ partition }) => partition),
    spec.io.taskCount,
  );
  const missing = [...wanted].filter(
    ([groupId, partitions]) =>
      !atWork(now).some(
        ({ key, partitions: has }) =>
          key.groupId === groupId && sorted(has).join() === sorted(partitions).join(),
      ),
  );
  return missing.length === 0
    ? null
    : `${list(
        'group',
        missing.map(([groupId]) => String(groupId)),
      )} of ${wanted.size} to read`;
};

/** Every group reads under the newest spec; a suspended one reads nothing. */
export const takenOn: Effect = (now) => {
  if (now.row?.desired === 'suspended') return suspended(now);
  const version = now.row?.version ?? 0;
  const older = reading(now).filter(({ specVersion }) => specVersion < version);
  if (older.length === 0) return readAgain(now);
  return `the end of reading under an older spec of ${list(
    'group',
    older.map(({ key }) => String(key.groupId)),
  )}`;
};

/** What the groups had open is closed: its ends are written. */
export function checkpointed(before: Scene, groupIds: readonly number[] | null): Effect {
  const open = reading(before)
    .filter(({ key }) => groupIds === null || groupIds.includes(key.groupId))
    .flatMap(({ key, sequences }) =>
      sequences
        .filter(({ state }) => state === 'open')
        .map(({ sequenceId }) => ({ sequenceId, groupId: key.groupId })),
    );
  return (now) => {
    const still = new Set(
      now.generations.flatMap(({ sequences }) =>
        sequences.filter(({ state }) => state === 'open').map(({ sequenceId }) => sequenceId),
      ),
    );
    const missing = open.filter(({ sequenceId }) => still.has(sequenceId));
    return missing.length === 0
      ? null
      : `the checkpoint of ${list(
          'group',
          missing.map(({ groupId }) => String(groupId)),
        )}`;
  };
}

/** The state may be that of an earlier suspension, so the groups count too. What they have read is still being published. */
export const suspended: Effect = (now) => {
  if (now.row?.status?.state !== 'SUSPENDED') return 'state SUSPENDED';
  const still = reading(now);
  return still.length === 0
    ? null
    : `the end of reading of ${list(
        'group',
        still.map(({ key }) => String(key.groupId)),
      )}`;
};

/** Not the state alone, which may be the one from before a suspension that nobody has looked at yet. */
export const resumed: Effect = (now) =>
  ['RUNNING', 'IDLE', 'COMPLETED'].includes(now.row?.status?.state ?? '') ? readAgain(now) : 'state RUNNING';

export const ended: Effect = ({ row }) =>
  row?.terminatedDone === true ? null : 'the end of its task groups';

function reading({ generations }: Scene): readonly GenerationRow[] {
  return generations.filter(({ state }) => state === 'reading');
}

/** A task that an ingest worker has taken. */
function atWork(now: Scene): readonly GenerationRow[] {
  return reading(now).filter(({ tasks }) =>
    tasks.some((task) => task.state === 'RUNNING' && task.attempts > 0),
  );
}

/** An idle or complete supervisor has no tasks, and that is no delay. */
function isToRead({ row }: Scene): boolean {
  return row?.desired === 'running' && !['IDLE', 'COMPLETED'].includes(row.status?.state ?? '');
}

function uncovered(now: Scene, partitions: readonly string[]): string | null {
  // A group that is at its ends of a bounded range is not created again.
  if (!isToRead(now) || storedSpec(now.row?.specText ?? null)?.io.bounded) return null;
  const read = new Set(atWork(now).flatMap((generation) => generation.partitions));
  const missing = partitions.filter((partition) => !read.has(partition));
  return missing.length === 0 ? null : `a task that reads ${list('partition', missing)}`;
}

function isSame(one: GenerationRow, other: GenerationRow): boolean {
  return one.key.groupId === other.key.groupId && one.key.generation === other.key.generation;
}

function sorted(partitions: readonly string[]): readonly string[] {
  return [...partitions].sort(comparePartitions);
}

const namesMost = 10;

function list(word: string, names: readonly string[]): string {
  const shown = [...new Set(names)].sort(comparePartitions);
  const rest = shown.length - namesMost;
  const text = shown.slice(0, namesMost).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return `${word}${shown.length === 1 ? '' : 's'} ${text}`;
}
