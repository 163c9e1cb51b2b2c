/**
 * What queries of this process have answered from live rows, so that no later complete answer holds less: a count
 * never falls when a replica dies, another one lags, or a generation is discarded and read again.
 *
 * Kept per partition of a data source as ranges of positions [start of the sequence, position served). What the next
 * answer of a sequence must reach is the furthest range that lies in it; what lies beyond its end is owed by the
 * sequences after it. A reset (another incarnation or term) ends what is owed, a publish takes it over.
 */
import {
  type Position,
  type Positions,
  comparePositions,
  maxPosition,
  toPosition,
} from '../../domain/positions.ts';
import type { LiveSequence, LiveSnapshot, PublishedPosition } from '../../storage/live-sequences.ts';

type ServedRange = { readonly start: Position; readonly position: Position; readonly groupId: number };

/** Ranges of one life of a partition; of an older one nothing is owed any more. */
type Life = { readonly term: string; readonly incarnation: string };
type ServedPartition = Life & {
  readonly ranges: readonly ServedRange[];
  /** As far as any snapshot said; null: none said. */
  readonly published: Position | null;
};

export class ServedPositions {
  readonly #partitions = new Map<string, ServedPartition>();

  /** Per partition what an answer of the sequence must reach; null: nothing was served of it. */
  required(sequence: LiveSequence): Positions | null {
    const owed: Record<string, Position> = {};
    for (const [partition, { start, end, incarnation }] of Object.entries(sequence.partitions)) {
      const served = this.#partitions.get(keyOf(sequence, partition));
      if (served === undefined || age(served, { term: sequence.term, incarnation }) !== 0) continue;
      const inside = served.ranges.filter(
        (range) =>
          comparePositions(range.position, start) > 0 &&
          (end === null || comparePositions(range.start, end) < 0),
      );
      const furthest = furthestOf(inside);
      if (furthest === null) continue;
      owed[partition] = end !== null && comparePositions(furthest, end) > 0 ? end : furthest;
    }
    return Object.keys(owed).length === 0 ? null : owed;
  }

  record(sequence: LiveSequence, positions: Positions): void {
    for (const [partition, { start, incarnation }] of Object.entries(sequence.partitions)) {
      const position = positions[partition];
      if (position === undefined || comparePositions(position, start) <= 0) continue;
      const key = keyOf(sequence, partition);
      const life: Life = { term: sequence.term, incarnation };
      const known = this.#partitions.get(key);
      const older = known === undefined ? 1 : age(life, known);
      if (older < 0) continue;
      const { ranges, published } =
        older > 0 || known === undefined ? { ranges: [], published: null } : known;
      // From a snapshot that was overtaken.
      if (published !== null && comparePositions(position, published) <= 0) continue;
      const same = ranges.find((range) => range.start === start);
      const furthest = same === undefined ? position : maxPosition(same.position, position);
      this.#partitions.set(key, {
        ...life,
        published,
        ranges: [
          ...ranges.filter((range) => range !== same),
          { start, position: furthest, groupId: sequence.groupId },
        ],
      });
    }
  }

  /**
   * Forgets what segments hold by now, and what a reset took back. A snapshot from before that cannot be used: it has
   * neither those segments nor, by now, the memory of what was served instead. Answers the partitions it is behind in.
   */
  prune(snapshot: LiveSnapshot): PublishedPosition[] {
    return snapshot.published.filter((at) => {
      const key = keyOf(at, at.partition);
      const served = this.#partitions.get(key);
      const later = served === undefined ? 1 : age(at, served);
      if (served === undefined || later > 0) {
        const { term, incarnation, position } = at;
        this.#partitions.set(key, { term, incarnation, ranges: [], published: position });
        return false;
      }
      if (later < 0 || isBefore(at.position, served.published)) return true;
      const until = at.position;
      if (until === null) return false;
      const ranges = served.ranges.filter(({ position }) => comparePositions(position, until) > 0);
      this.#partitions.set(key, { ...served, ranges, published: until });
      return false;
    });
  }

  /**
   * Groups of which rows were served that neither a segment nor a sequence of the snapshot can hold: discarded, and
   * not read again yet.
   */
  uncovered(snapshot: LiveSnapshot): string[] {
    const groups = new Set<string>();
    for (const at of snapshot.published) {
      const served = this.#partitions.get(keyOf(at, at.partition));
      if (served === undefined || age(served, at) !== 0) continue;
      const reach = reachOf(at, snapshot.sequences);
      for (const { position, groupId } of served.ranges)
        if (reach !== null && comparePositions(position, reach) > 0)
          groups.add(groupName({ supervisorId: at.supervisorId, groupId }));
    }
    return [...groups];
  }
}

/** What both ask for. */
export function stricter(left: Positions | null, right: Positions | null): Positions | null {
  if (left === null || right === null) return left ?? right;
  const both: Record<string, Position> = { ...left };
  for (const [partition, position] of Object.entries(right)) {
    const other = both[partition];
    both[partition] = other === undefined ? position : maxPosition(other, position);
  }
  return both;
}

export function groupName(of: { readonly supervisorId: string; readonly groupId: number }): string {
  return `${of.supervisorId}/group-${of.groupId}`;
}

/** Null: a sequence reads on without an end. */
function reachOf(at: PublishedPosition, sequences: readonly LiveSequence[]): Position | null {
  let reach = at.position ?? toPosition('0');
  for (const sequence of sequences) {
    if (keyOf(sequence, at.partition) !== keyOf(at, at.partition)) continue;
    const range = sequence.partitions[at.partition];
    if (range === undefined) continue;
    if (range.end === null) return null;
    reach = maxPosition(reach, range.end);
  }
  return reach;
}

function keyOf(of: { dataSource: string; supervisorId: string; stream: string }, partition: string): string {
  return JSON.stringify([of.dataSource, of.supervisorId, of.stream, partition]);
}

function isBefore(position: Position | null, other: Position | null): boolean {
  return other !== null && (position === null || comparePositions(position, other) < 0);
}

/** Positive: `left` is the later life. Both numbers only rise. */
function age(left: Life, right: Life): number {
  const byTerm = BigInt(left.term) - BigInt(right.term);
  const by = byTerm === 0n ? BigInt(left.incarnation) - BigInt(right.incarnation) : byTerm;
  return by > 0n ? 1 : by < 0n ? -1 : 0;
}

function furthestOf(ranges: readonly ServedRange[]): Position | null {
  return ranges.reduce<Position | null>(
    (furthest, { position }) => (furthest === null ? position : maxPosition(furthest, position)),
    null,
  );
}
