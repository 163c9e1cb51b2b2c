/**
 * Stores where each new partition is read from, before any task reads it (protocol.md 5): the first discovery at
 * earliest or latest as the spec says, every later partition at earliest, for its records are all new; later partitions
 * are those of later topics of a pattern too. A bounded supervisor has the partitions and starts of its spec and no others.
 *
 * The first discovery is all or nothing: a partition left over would count as a later one and be read from earliest.
 */
import { HeadgateError } from '../../domain/errors.ts';
import { toPosition } from '../../domain/positions.ts';
import type { Position } from '../../domain/positions.ts';
import type { BoundedConfig, SupervisorSpec } from '../../domain/spec/spec.ts';
import { readPartitions, seedTogether } from '../../storage/partitions.ts';
import type { Seeds } from '../../storage/partitions.ts';
import { readSupervisor } from '../../storage/supervisors.ts';
import type { RecordSource, StreamDescription } from '../../streams/record-source.ts';
import type { ControlDeps } from '../control-deps.ts';
import { parseStored } from '../read-spec.ts';
import type { SeedPartitionsInput, SeedPartitionsResult } from './contract.ts';

type Start = { readonly partition: string; readonly position: Position };

export async function seedPartitions(
  deps: ControlDeps,
  { supervisorId }: SeedPartitionsInput,
): Promise<SeedPartitionsResult> {
  const row = await readSupervisor(deps.pool, supervisorId);
  if (!row?.specText || row.desired !== 'running') return { seeded: 0 };
  const spec = parseStored(supervisorId, row.version, row.specText);
  const source = deps.openSource(spec);
  try {
    const stream = await source.describe();
    const { topic, bounded, useEarliestOffset } = spec.io;
    const known = await knownPartitions(deps, supervisorId, topic);
    const fresh = partitionsOf(spec, stream).filter((partition) => !known.has(partition));
    if (fresh.length === 0) return { seeded: 0 };
    const isFirst = known.size === 0;
    const bound = isFirst && !useEarliestOffset ? 'latest' : 'earliest';
    const starts = bounded
      ? startsOf(bounded, fresh)
      : await boundsOf(source, { supervisorId, topic, fresh, bound });
    const why = bounded
      ? 'the start of boundedStreamConfig'
      : isFirst
        ? `first discovery, at ${bound}`
        : 'added to the stream, at earliest';
    const { seeded } = await seedTogether(
      deps.pool,
      byIdentity(starts, stream).map((part) => ({ ...part, supervisorId, stream: topic, why })),
    );
    return { seeded: seeded.length };
  } finally {
    await source.close();
  }
}

/** Of a bounded spec its own, which must exist. */
function partitionsOf({ id, io }: SupervisorSpec, stream: StreamDescription): readonly string[] {
  if (!io.bounded) return stream.partitions;
  const wanted = Object.keys(io.bounded.starts);
  const missing = wanted.filter((partition) => !stream.identities.has(partition));
  if (missing.length === 0) return wanted;
  throw new HeadgateError(
    'STREAM_NOT_FOUND',
    `supervisor ${id}: boundedStreamConfig names partitions ${missing.slice(0, 10).join(', ')}, which ${io.topic} does not have; ` +
      `it has ${stream.partitions.length}: correct the spec, or restore the stream`,
    { details: { missing: missing.slice(0, 10), found: stream.partitions.length } },
  );
}

async function knownPartitions(
  deps: ControlDeps,
  supervisorId: string,
  topic: string,
): Promise<ReadonlySet<string>> {
  const rows = await readPartitions(deps.pool, supervisorId);
  return new Set(
    rows
      .filter((entry) => entry.stream === topic && (entry.nextPosition !== null || entry.state !== 'open'))
      .map((entry) => entry.partition),
  );
}

function startsOf(bounded: BoundedConfig, fresh: readonly string[]): Start[] {
  return fresh.flatMap((partition) => {
    const position = bounded.starts[partition];
    return position === undefined ? [] : [{ partition, position }];
  });
}

async function boundsOf(
  source: RecordSource,
  wanted: {
    readonly supervisorId: string;
    readonly topic: string;
    readonly fresh: readonly string[];
    readonly bound: 'earliest' | 'latest';
  },
): Promise<Start[]> {
  const { supervisorId, topic, fresh, bound } = wanted;
  const found = await source.positions(fresh, bound);
  const missing = fresh.filter((partition) => !found.has(partition));
  if (missing.length > 0)
    throw new HeadgateError(
      'STREAM_UNREACHABLE',
      `supervisor ${supervisorId}: topic ${topic} gives no ${bound} position for partitions ${missing.slice(0, 10).join(', ')}; ` +
        `do they have a leader?`,
    );
  return [...found].map(([partition, position]) => ({ partition, position: toPosition(position) }));
}

/** One call stores one identity, which is one topic's; always in the same order, the locks' (protocol.md, head). */
function byIdentity(
  starts: readonly Start[],
  stream: StreamDescription,
): readonly Pick<Seeds, 'sourceIdentity' | 'positions'>[] {
  const parts = new Map<string, Start[]>();
  for (const start of [...starts].sort(byKey)) {
    const identity = stream.identities.get(start.partition) ?? '';
    const positions = parts.get(identity) ?? [];
    positions.push(start);
    parts.set(identity, positions);
  }
  return [...parts].map(([sourceIdentity, positions]) => ({ sourceIdentity, positions }));
}

function byKey(left: Start, right: Start): number {
  return left.partition < right.partition ? -1 : left.partition > right.partition ? 1 : 0;
}
