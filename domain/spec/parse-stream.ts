/**
 * Reads which stream a Kafka spec is about: one topic, or every topic whose whole name matches a pattern (druid.md 1.5); and the
 * range a bounded supervisor reads of it. Whether a pattern compiles is for `formats/check-spec.ts` to say.
 */
import { comparePositions, toPosition, type Position, type Positions } from '../positions.ts';
import { topicComplaint } from './names.ts';
import type { SectionReader } from './parse-reader.ts';
import { intMax, text } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject } from './raw.ts';
import type { BoundedConfig } from './spec.ts';

/** The pattern is part of the key of stored positions. */
const patternLengthMax = 500;
const partitionsMax = 10_000;

export type StreamName = { readonly topic: string; readonly isPattern: boolean };

export function readStreamName(section: SectionReader): StreamName {
  const isPattern = section.has('topicPattern');
  const topic = isPattern ? readPattern(section) : readTopic(section);
  const stream = section.get('stream');
  const field = isPattern ? 'topicPattern' : 'topic';
  if (topic !== '' && stream !== undefined && stream !== topic)
    section.problem(
      'stream',
      `nothing, or the same as ${field}`,
      'leave it out: it is a field of Kinesis specs',
    );
  return { topic, isPattern };
}

function readTopic(section: SectionReader): string {
  const remedy = section.has('stream')
    ? 'stream is a field of Kinesis specs; for Kafka write topic'
    : 'topicPattern names many by a regular expression';
  const topic = section.require('topic', text('the name of a topic'), '', remedy);
  const complaint = topic === '' ? null : topicComplaint(topic);
  if (complaint !== null) section.problem('topic', complaint);
  return topic;
}

function readPattern(section: SectionReader): string {
  if (section.has('topic'))
    section.problem('topicPattern', 'nothing, for topic is given too', 'keep one of the two');
  const pattern = section.require('topicPattern', text('a regular expression of whole topic names'), '');
  if (pattern.length <= patternLengthMax && !/[\p{Cc}\p{Cs}]/u.test(pattern)) return pattern;
  section.problem(
    'topicPattern',
    `at most ${patternLengthMax} characters, none of them a control character or half of one`,
  );
  return '';
}

export function readBounded(section: SectionReader, stream: StreamName): BoundedConfig | null {
  const expected = 'an object with startSequenceNumbers and endSequenceNumbers';
  const reader = section.section('boundedStreamConfig', 'optional', expected);
  if (!isPlainObject(section.get('boundedStreamConfig'))) return null;
  const starts = readPositions(reader, 'startSequenceNumbers', stream);
  const ends = readPositions(reader, 'endSequenceNumbers', stream);
  if (starts === null || ends === null) return null;
  const missing =
    Object.keys(starts).find((key) => ends[key] === undefined) ??
    Object.keys(ends).find((key) => starts[key] === undefined);
  if (missing !== undefined)
    reader.problem(
      'endSequenceNumbers',
      `the partitions of startSequenceNumbers; ${render(missing)} is in one only`,
    );
  for (const [key, start] of Object.entries(starts)) {
    const end = ends[key];
    if (end !== undefined && comparePositions(start, end) > 0)
      reader.problemAt(
        `${reader.pathOf('endSequenceNumbers')}[${render(key)}]`,
        end,
        `${start}, its start, or more`,
        'the end is exclusive: the first position that is not read',
      );
  }
  return { starts, ends };
}

/** Null after a problem. */
function readPositions(reader: SectionReader, name: string, stream: StreamName): Positions | null {
  const value = reader.get(name);
  const keyForm = stream.isPattern ? '"topic:partition"' : 'the number of a partition, such as "0"';
  const entries = isPlainObject(value) ? Object.entries(value) : [];
  if (entries.length === 0 || entries.length > partitionsMax) {
    reader.problem(name, `an object of 1 to ${partitionsMax} positions by partition`);
    return null;
  }
  const positions: [string, Position][] = [];
  for (const [key, raw] of entries) {
    const path = `${reader.pathOf(name)}[${render(key)}]`;
    const position = positionOf(raw);
    if (!isPartitionKey(key, stream)) reader.problemAt(path, `the key ${render(key)}`, keyForm);
    else if (position === null)
      reader.problemAt(path, render(raw), 'a position: a whole number of 0 or more; beyond 2^53 as a text');
    else positions.push([key, position]);
  }
  return positions.length === entries.length ? Object.fromEntries(positions) : null;
}

function isPartitionKey(key: string, { isPattern }: StreamName): boolean {
  const match = /^(?:(.*):)?(0|[1-9]\d{0,9})$/s.exec(key);
  if (match === null || Number(match[2]) > intMax) return false;
  const topic = match[1];
  return isPattern ? topic !== undefined && topicComplaint(topic) === null : topic === undefined;
}

const longMax = toPosition('9223372036854775807');

/** Digits that JSON has already lost are no position. */
function positionOf(raw: unknown): Position | null {
  const digits = typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 0 ? String(raw + 0) : raw;
  if (typeof digits !== 'string' || !/^(0|[1-9]\d{0,18})$/.test(digits)) return null;
  const position = toPosition(digits);
  return comparePositions(position, longMax) > 0 ? null : position;
}
