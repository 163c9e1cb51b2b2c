/**
 * Orders that move positions: what Druid's bodies say, checked as far as it can be without the stream (druid.md 2.6).
 *
 * The result has the form of the body, so that reading it again gives the same. Offsets are decimal texts.
 */
import type { Json } from '../json.ts';
import { readPartitionKey } from '../partition-key.ts';
import { toPosition } from '../positions.ts';
import type { Positions } from '../positions.ts';
import { parseInstant } from '../spec/instant.ts';
import type { OrderReading } from './order-reading.ts';
import { describe } from './order-reading.ts';

export type ResetInput = { readonly dryRun: boolean };

export type ResetOffsetsInput = { readonly force: boolean; readonly dryRun: boolean } & (
  | {
      readonly type: 'kafka';
      readonly partitions: {
        readonly type: 'end';
        readonly stream: string;
        readonly partitionOffsetMap: Positions;
      };
    }
  /** Where the first record that is not older stands; `partitions` null: of every partition. */
  | {
      readonly type: 'timestamp';
      readonly timestamp: number;
      readonly partitions: readonly string[] | null;
    }
);

export type BackfillInput = { readonly backfillTaskCount: number | null; readonly dryRun: boolean };

type Fields = Readonly<Record<string, unknown>>;

export function readResetOrder(fields: Fields): OrderReading {
  return reading(() => {
    knownOnly(fields, ['dryRun'], 'to reset some partitions only, use resetOffsets');
    return { dryRun: flag(fields, 'dryRun') };
  });
}

export function readResetOffsetsOrder(fields: Fields): OrderReading {
  return reading(() => {
    const switches = { force: flag(fields, 'force'), dryRun: flag(fields, 'dryRun') };
    const { type } = fields;
    if (type === 'kafka') return { ...offsetsOf(fields), ...switches };
    if (type === 'timestamp') return { ...instantOf(fields), ...switches };
    throw new Wrong('type', type, '"kafka" (offsets) or "timestamp" (a point in time)');
  });
}

export function readBackfillOrder(fields: Fields): OrderReading {
  return reading(() => {
    knownOnly(fields, ['backfillTaskCount', 'dryRun'], 'leave it out');
    const found = fields['backfillTaskCount'] ?? null;
    // Druid takes it from the query string.
    const count = typeof found === 'string' && /^[0-9]{1,6}$/.test(found) ? Number(found) : found;
    if (count !== null && !(Number.isSafeInteger(count) && (count as number) >= 1))
      throw new Wrong('backfillTaskCount', found, 'a whole number of 1 or more, or nothing');
    return { backfillTaskCount: count as number | null, dryRun: flag(fields, 'dryRun') };
  });
}

/** Of Kafka: offsets are 64-bit. */
const lastOffset = 9_223_372_036_854_775_807n;
/** The last that a date can hold. */
const lastInstant = 8_640_000_000_000_000;
const partitionPattern = /^(0|[1-9][0-9]{0,9})$/;
/** The names under which Druid writes one and the same map. */
const mapNames = ['partitionOffsetMap', 'partitionSequenceNumberMap'] as const;

function offsetsOf(fields: Fields) {
  knownOnly(fields, ['type', 'partitions', 'force', 'dryRun'], 'leave it out');
  const found = fields['partitions'];
  if (!isObject(found))
    throw new Wrong('partitions', found, '{"type": "end", "stream": ..., "partitionOffsetMap": {...}}');
  knownOnly(found, ['type', 'stream', 'topic', ...mapNames], 'leave it out', 'partitions.', [
    'exclusivePartitions',
  ]);
  if (found['type'] !== 'end')
    throw new Wrong('partitions.type', found['type'], '"end": an offset says what is to be read next');
  const stream = found['stream'] ?? found['topic'];
  if (typeof stream !== 'string' || stream === '')
    throw new Wrong('partitions.stream', stream, 'the name of the topic, or the pattern, as in the spec');
  if (found['stream'] !== undefined && found['topic'] !== undefined && found['topic'] !== stream)
    throw new Wrong('partitions.topic', found['topic'], `the same as partitions.stream, ${describe(stream)}`);
  return {
    type: 'kafka' as const,
    partitions: { type: 'end' as const, stream, partitionOffsetMap: mapOf(found) },
  };
}

function mapOf(partitions: Fields): Positions {
  const given = mapNames.filter((name) => (partitions[name] ?? null) !== null);
  const [first, second] = given.map((name) => mapNamed(partitions, name));
  if (first === undefined)
    throw new Wrong('partitions.partitionOffsetMap', undefined, 'an object of partition to offset');
  if (second !== undefined && !sameEntries(first, second))
    throw new Wrong(
      'partitions.partitionSequenceNumberMap',
      partitions['partitionSequenceNumberMap'],
      'the same as partitions.partitionOffsetMap; give only one of them',
    );
  return first;
}

function mapNamed(partitions: Fields, name: string): Positions {
  const path = `partitions.${name}`;
  const found = partitions[name];
  if (!isObject(found) || Object.keys(found).length === 0)
    throw new Wrong(path, found, 'an object of partition to offset, with at least one');
  return Object.fromEntries(
    Object.entries(found).map(([partition, offset]) => {
      if (!isPartition(partition))
        throw new Wrong(
          `a key of ${path}`,
          partition,
          'the number of a partition, or topic:number with topicPattern',
        );
      return [partition, toPosition(offsetText(`${path}.${partition}`, offset))];
    }),
  );
}

function offsetText(path: string, found: unknown): string {
  const expected = `an offset: a whole number from 0 to ${lastOffset}`;
  if (typeof found === 'number') {
    // Beyond 2^53 JSON readers round: what arrived need not be what was written.
    if (found > Number.MAX_SAFE_INTEGER) throw new Wrong(path, found, `${expected}, in quotes beyond 2^53`);
    if (!Number.isSafeInteger(found) || found < 0) throw new Wrong(path, found, expected);
    return String(found + 0);
  }
  if (typeof found !== 'string' || !/^(0|[1-9][0-9]{0,18})$/.test(found) || BigInt(found) > lastOffset)
    throw new Wrong(path, found, expected);
  return found;
}

function instantOf(fields: Fields) {
  knownOnly(fields, ['type', 'timestamp', 'partitions', 'force', 'dryRun'], 'leave it out');
  const found = fields['timestamp'];
  const timestamp = millisOf(found);
  if (timestamp === null || timestamp < 0 || timestamp > lastInstant)
    throw new Wrong(
      'timestamp',
      found,
      'a time since 1970, as ISO 8601 ("2026-01-31T12:00:00Z") or in milliseconds',
    );
  return { type: 'timestamp' as const, timestamp, partitions: partitionsOf(fields['partitions'] ?? null) };
}

function millisOf(found: unknown): number | null {
  if (typeof found === 'number') return Number.isSafeInteger(found) ? found : null;
  return typeof found === 'string' ? parseInstant(found) : null;
}

function partitionsOf(found: unknown): readonly string[] | null {
  if (found === null) return null;
  const names = Array.isArray(found)
    ? found.map((item: unknown) => (typeof item === 'number' ? String(item) : item))
    : [];
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && isPartition(name)))
    throw new Wrong('partitions', found, 'a list of partitions, as ["0", "1"]; leave it out for all of them');
  return [...new Set(names as string[])];
}

function isPartition(key: string): boolean {
  const { topic, number } = readPartitionKey(key);
  return topic !== '' && partitionPattern.test(number);
}

function sameEntries(left: Positions, right: Positions): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

function flag(fields: Fields, name: string): boolean {
  const found = fields[name] ?? false;
  if (typeof found !== 'boolean') throw new Wrong(name, found, 'true or false');
  return found;
}

/** A field that is not known might have been meant to limit the order: nothing is done then. */
function knownOnly(
  fields: Fields,
  known: readonly string[],
  remedy: string,
  prefix = '',
  ofStarts: readonly string[] = [],
): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  if (ofStarts.includes(unknown))
    throw new Wrong(prefix + unknown, fields[unknown], 'no such field: offsets are of type "end"');
  throw new Wrong(
    prefix + unknown,
    fields[unknown],
    `none of that name (known are ${known.join(', ')}); ${remedy}`,
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Wrong extends Error {
  constructor(field: string, found: unknown, expected: string) {
    super(`${field} is ${describe(found)}, expected ${expected}`);
  }
}

function reading(read: () => { readonly [key: string]: Json }): OrderReading {
  try {
    return { kind: 'ok', input: read() };
  } catch (error) {
    if (error instanceof Wrong) return { kind: 'invalid', message: error.message };
    throw error;
  }
}
