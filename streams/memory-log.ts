/** What a stream in memory holds: its partitions under one identity, and where each of them can be read. */
import type { LogBound, SourceRecord } from './record-source.ts';

export type MemoryLog = {
  records: SourceRecord[];
  earliest: bigint;
  end: bigint;
  /** Records at or past it exist but may not be read yet, as in an open transaction. Null: none. */
  heldFrom: bigint | null;
};

export type Incarnation = { readonly identity: string; readonly partitions: MemoryLog[] };

/** What a source reads: one stream, or all of a cluster that it chooses, as they are at each call. */
export type MemoryChoice = {
  readonly text: string;
  /** Null: any stream that `find` gives. */
  readonly only: string | null;
  readonly names: () => readonly string[];
  /** Throws STREAM_UNREACHABLE. Null: it does not exist now. */
  readonly find: (name: string) => Incarnation | null;
  readonly onChange: (listener: () => void) => () => void;
};

export function newIncarnation(name: string, number: number, partitions: number): Incarnation {
  return { identity: `${name}-${number}`, partitions: Array.from({ length: partitions }, emptyLog) };
}

export function emptyLog(): MemoryLog {
  return { records: [], earliest: 0n, end: 0n, heldFrom: null };
}

export function readableEnd(log: MemoryLog): bigint {
  return log.heldFrom ?? log.end;
}

export function positionOf(log: MemoryLog, bound: LogBound): bigint {
  const end = readableEnd(log);
  if (bound === 'earliest') return log.earliest;
  if (bound === 'latest') return end;
  const first = log.records.find((record) => record.timestampMs >= bound.timestampMs);
  return first === undefined || first.position > end ? end : first.position;
}
