/** What a streaming task of real Druid counted and reported (../shared/vectors/task.jsonl), against ours. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import type { TaskSetup } from '../../activities/ingest/protocol.ts';
import { RowIntake } from '../../activities/ingest/thread/row-intake.ts';
import { ThreadSequence } from '../../activities/ingest/thread/thread-sequence.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';

const file = resolve(import.meta.dirname, '../../../shared/vectors/task.jsonl');

type RawObject = { readonly [key: string]: unknown };
type TaskVector = {
  readonly id: string;
  readonly spec: {
    readonly dataSchema: RawObject;
    readonly inputFormat: RawObject;
    readonly ioConfig: RawObject;
    readonly tuningConfig: RawObject;
  };
  readonly records: readonly { readonly value: string }[];
  readonly expected: {
    readonly totals?: RawObject;
    readonly errors?: readonly {
      readonly errorType: string;
      readonly details: readonly string[];
      readonly input: string;
    }[];
    readonly taskFailed?: unknown;
  };
};

const vectors: readonly TaskVector[] = existsSync(file)
  ? readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as TaskVector)
  : [];

/** Where Headgate is different on purpose. */
const differences: Readonly<Record<string, string>> = {
  'task-transform-throws':
    'what fails in an expression is an unparseable record (vectors/README); Druid fails the task',
  'task-far-times': 'times beyond the year 275760 are unparseable: no reader of the files could hold them',
};

test.skipIf(vectors.length === 0).each(vectors)('$id', (vector) => {
  const { totals, reports, isBeyondLimit } = read(vector);
  if (vector.id in differences) {
    expect(totals.unparseable).toBeGreaterThan(0);
    return;
  }
  const { expected } = vector;
  expect(isBeyondLimit).toBe(expected.taskFailed !== undefined);
  if (expected.taskFailed !== undefined) return;
  expect(totals).toEqual(expected.totals);
  // Those of one millisecond stand in any order.
  const shown = (list: readonly { readonly errorType: string; readonly input: string }[]) =>
    list.map(({ errorType, input }) => `${errorType} ${input}`).sort();
  expect(shown(reports)).toEqual(shown(expected.errors ?? []));
});

function read(vector: TaskVector) {
  const { io, dataSchema, tuning } = specOf(vector);
  const intake = new RowIntake({
    topic: 'vectors',
    inputFormat: io.inputFormat,
    schema: dataSchema,
    tuning: { ...tuning, maxSavedParseExceptions: 100 },
    source: { kind: 'test', name: 'vectors' },
  } as Partial<TaskSetup> as TaskSetup);
  const sequence = new ThreadSequence(
    {
      sequenceId: 's',
      ordinal: 0,
      starts: { '0': '0' as never },
      ends: null,
      windowMinMs: io.lateMessageRejectionStartMs,
      windowMaxMs: null,
      sealed: null,
    },
    dataSchema,
  );
  vector.records.forEach(({ value }, at) => {
    const record = {
      position: BigInt(at),
      timestampMs: 0,
      key: null,
      value: Buffer.from(value),
      headers: [],
    };
    intake.take(record, '0', sequence);
  });
  const { processed, processedBytes, processedWithError, thrownAway, unparseable } =
    sequence.tally.counters();
  const limit = tuning.maxParseExceptions;
  return {
    totals: { processed, processedBytes, processedWithError, thrownAway, unparseable },
    reports: intake.reports.drainNewest(),
    isBeyondLimit: limit !== null && sequence.tally.parseExceptions > limit,
  };
}

function specOf({ spec }: TaskVector): SupervisorSpec {
  const { dataSchema, inputFormat, ioConfig, tuningConfig } = spec;
  const parsed = checkSupervisorSpec({
    type: 'kafka',
    spec: {
      dataSchema,
      ioConfig: {
        ...ioConfig,
        topic: 'vectors',
        inputFormat,
        consumerProperties: { 'bootstrap.servers': 'localhost:9092' },
      },
      tuningConfig,
    },
  });
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.problems));
  return parsed.spec;
}
