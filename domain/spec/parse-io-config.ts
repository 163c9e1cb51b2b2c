/** Reads `ioConfig` of a Kafka spec (druid.md 1.4, 1.5). */
import { readDeadLetters } from './parse-dead-letters.ts';
import { readInputFormat } from './parse-input-format.ts';
import { readConsumerProperties, type ParsedConsumerProperties } from './parse-consumer-properties.ts';
import { readMirrorGroup } from './parse-mirror-group.ts';
import type { SectionReader } from './parse-reader.ts';
import { readShare } from './parse-share.ts';
import { readBounded, readStreamName } from './parse-stream.ts';
import { flag, instant, period, periodOfAnyLength, wholeNumber } from './parse-values.ts';
import type { ProblemList } from './problem.ts';
import { isPlainObject } from './raw.ts';
import type { IoConfig } from './spec.ts';

const minuteMs = 60_000;
const periodMinMs = 1000;

export function readIoConfig(list: ProblemList, section: SectionReader): IoConfig {
  const { bootstrapServers, isolationLevel, properties } = readConnection(section);
  const stream = readStreamName(section);
  return {
    ...stream,
    bootstrapServers,
    isolationLevel,
    consumerProperties: properties,
    inputFormat: readInputFormat(list, section),
    ...readShare(section),
    bounded: readBounded(section, stream),
    emitTimeLag: section.read('emitTimeLagMetrics', flag, false),
    mirrorConsumerGroup: readMirrorGroup(section),
    taskDurationMs: section.readPeriod('taskDuration', period({ min: 'aboveZero' }), 60 * minuteMs),
    startDelayMs: section.readPeriod('startDelay', period({ min: 'zero' }), 5000),
    periodMs: readPeriod(section),
    useEarliestOffset: readUseEarliest(section),
    completionTimeoutMs: section.readPeriod('completionTimeout', period({ min: 'aboveZero' }), 30 * minuteMs),
    ...readRejection(section),
    pollTimeoutMs: section.read('pollTimeout', wholeNumber(1, 600_000), 100),
    deadLetters: readDeadLetters(list, section, stream.topic),
  };
}

function readConnection(section: SectionReader): ParsedConsumerProperties {
  const value = section.get('consumerProperties');
  const expected = 'an object with at least bootstrap.servers';
  if (isPlainObject(value)) return readConsumerProperties(section.section('consumerProperties', 'required'));
  section.problem('consumerProperties', expected);
  return { bootstrapServers: [], isolationLevel: 'read_committed', properties: {} };
}

function readUseEarliest(section: SectionReader): boolean {
  const useEarliest = section.read('useEarliestOffset', flag, false);
  const kinesisName = section.read('useEarliestSequenceNumber', flag, useEarliest);
  if (kinesisName !== useEarliest)
    section.problem(
      'useEarliestSequenceNumber',
      'nothing, or the same as useEarliestOffset',
      'for Kafka write useEarliestOffset',
    );
  return useEarliest;
}

/** Waits under a second would be busy loops; Druid raises them in silence. */
function readPeriod(section: SectionReader): number {
  const ms = section.readPeriod('period', periodOfAnyLength, 30_000);
  if (ms >= periodMinMs) return ms;
  section.warning('period', 'PT1S or more; it is raised to PT1S');
  return periodMinMs;
}

function readRejection(
  section: SectionReader,
): Pick<
  IoConfig,
  'lateMessageRejectionPeriodMs' | 'lateMessageRejectionStartMs' | 'earlyMessageRejectionPeriodMs'
> {
  const zeroOrMore = period({ min: 'zero' });
  if (section.has('lateMessageRejectionPeriod') && section.has('lateMessageRejectionStartDateTime'))
    section.problem(
      'lateMessageRejectionStartDateTime',
      'nothing, for lateMessageRejectionPeriod is given too',
      'keep one of the two',
    );
  return {
    lateMessageRejectionPeriodMs: section.readPeriod('lateMessageRejectionPeriod', zeroOrMore, null),
    lateMessageRejectionStartMs: section.read('lateMessageRejectionStartDateTime', instant, null),
    earlyMessageRejectionPeriodMs: section.readPeriod('earlyMessageRejectionPeriod', zeroOrMore, null),
  };
}
