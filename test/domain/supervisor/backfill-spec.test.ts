/** The spec of a backfill is that of its supervisor, but for what makes it one range of it. */
import { describe, expect, test } from 'vitest';
import { toPosition } from '../../../domain/positions.ts';
import { parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { backfillId, backfillSpec } from '../../../domain/supervisor/backfill-spec.ts';

const range = {
  starts: { 0: toPosition(10), 3: toPosition('9007199254740993') },
  ends: { 0: toPosition(20), 3: toPosition('9007199254740999') },
};
const id = backfillId('clicks', 'abcdefgh');

const io = {
  topic: 'clicks',
  inputFormat: { type: 'json' },
  consumerProperties: { 'bootstrap.servers': 'broker:9092' },
  taskCount: 8,
  stopTaskCount: 4,
  mirrorConsumerGroup: 'shown',
  idleConfig: { enabled: true, inactiveAfterMillis: 60_000 },
  autoScalerConfig: { enableTaskAutoScaler: true, taskCountMin: 1, taskCountMax: 9 },
};
const schema = {
  dataSource: 'clicks',
  timestampSpec: { column: 'ts' },
  dimensionsSpec: { dimensions: [] },
  granularitySpec: {},
};
const nested = JSON.stringify({ type: 'kafka', id: 'clicks', spec: { dataSchema: schema, ioConfig: io } });
const flat = JSON.stringify({ type: 'kafka', dataSchema: schema, ioConfig: io });

describe.each([
  ['nested', nested],
  ['flat', flat],
])('a %s spec', (_form, text) => {
  test('reads exactly the range, under its own id, and nothing scales, mirrors or idles it', () => {
    const parsed = parseSupervisorSpec(JSON.parse(backfillSpec(text, { id, range, taskCount: null })));
    expect(parsed).toMatchObject({
      kind: 'ok',
      spec: {
        id: 'clicks_backfill_abcdefgh',
        io: {
          topic: 'clicks',
          bounded: range,
          taskCount: 8,
          stopTaskCount: 4,
          autoScaler: null,
          idle: null,
          mirrorConsumerGroup: null,
        },
      },
    });
  });

  test('with another number of groups', () => {
    const parsed = parseSupervisorSpec(JSON.parse(backfillSpec(text, { id, range, taskCount: 2 })));
    expect(parsed).toMatchObject({ kind: 'ok', spec: { io: { taskCount: 2, stopTaskCount: null } } });
  });
});

test('the rest stays byte for byte: long numbers, layout, repeated keys', () => {
  const text = '{ "x": 12345678901234567890, "ioConfig" : {"taskCount": 1, "taskCount":2}, "10":1, "2":2 }';
  const edited = backfillSpec(text, { id, range: { starts: {}, ends: {} }, taskCount: 5 });
  expect(edited).toBe(
    '{ "x": 12345678901234567890, "ioConfig" : {"taskCount": 5, "taskCount":5,"boundedStreamConfig":' +
      '{"startSequenceNumbers":{},"endSequenceNumbers":{}}}, "10":1, "2":2,"id":"clicks_backfill_abcdefgh" }',
  );
});

test('what is no spec is said', () => {
  for (const text of ['[]', '{}', '{"spec": {}}'])
    expect(() => backfillSpec(text, { id, range, taskCount: null })).toThrow(/^spec: found no /);
});
