/**
 * Stores where each new partition is read from, before any task reads it (protocol.md 5): the first discovery at
 * earliest or latest as the spec says, every later partition at earliest, for its records are all new.
 *
 * The first discovery is all or nothing: a partition left over would count as a later one and be read from earliest.
 */
import { HeadgateError } from '../../domain/errors.ts';
import { toPosition } from '../../domain/positions.ts';
import { readPartitions, seedPartitions as storeSeeds } from '../../storage/partitions.ts';
import { readSupervisor } from '../../storage/supervisors.ts';
import type { RecordSource } from '../../streams/record-source.ts';
import type { ControlDeps } from '../control-deps.ts';
import { parseStored } from '../read-spec.ts';
import type { SeedPartitionsInput, SeedPartitionsResult } from './contract.ts';

export async function seedPartitions(
  deps: ControlDeps,
  { supervisorId }: SeedPartitionsInput,
): Promise<SeedPartitionsResult> {
  const row = await readSupervisor(deps.pool, supervisorId);
  if (!row?.specText || row.desired !== 'running') return { seeded: 0 };
  const spec = parseStored(supervisorId, row.version, row.specText);
  const { topic, useEarliestOffset } = spec.io;
  const source = deps.openSource(spec);
  try {
    const { identity, partitions } = await source.describe();
    const rows = (await readPartitions(deps.pool, supervisorId)).filter((entry) => entry.stream === topic);
    const known = new Set(
      rows
        .filter((entry) => entry.nextPosition !== null || entry.state !== 'open')
        .map((entry) => entry.partition),
    );
    const fresh = partitions.filter((partition) => !known.has(partition));
    if (fresh.length === 0) return { seeded: 0 };
    const isFirst = known.size === 0;
    const bound = isFirst && !useEarliestOffset ? 'latest' : 'earliest';
    const positions = await boundsOf(source, { supervisorId, topic, fresh, bound });
    const { seeded } = await storeSeeds(deps.pool, {
      supervisorId,
      stream: topic,
      sourceIdentity: identity,
      why: isFirst ? `first discovery, at ${bound}` : 'added to the stream, at earliest',
      positions,
    });
    return { seeded: seeded.length };
  } finally {
    await source.close();
  }
}

async function boundsOf(
  source: RecordSource,
  wanted: {
    readonly supervisorId: string;
    readonly topic: string;
    readonly fresh: readonly string[];
    readonly bound: 'earliest' | 'latest';
  },
) {
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
