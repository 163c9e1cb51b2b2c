import { expect, test } from 'vitest';
import { describeSight } from '../../../cli/commands/demo.ts';
import { flightsSpec } from '../../../cli/demo/supervisor.ts';
import { ingestedRows } from '../../../cli/demo/watch.ts';
import { parseSupervisorSpec } from '../../../domain/spec/parse.ts';

const quiet = { detailedState: 'RUNNING', healthy: true, headgate: { reason: '', groups: [] } };

test('ingested rows are the furthest anybody has read of each partition', () => {
  const payload = {
    ...quiet,
    latestOffsets: { '0': 100, '1': 100 },
    minimumLag: { '0': 90, '1': 100 },
    activeTasks: [{ currentOffsets: { '0': 40, '1': 7 } }],
    publishingTasks: [{ currentOffsets: { '0': 30 } }, {}],
  };
  expect(ingestedRows(payload)).toBe(47);
  expect(ingestedRows({ ...quiet, activeTasks: [], publishingTasks: [] })).toBe(0);
});

test('the live line says rate, lag, what is published and the task groups', () => {
  const sight = {
    ingested: 900_000,
    published: 500_000,
    healthy: true,
    state: 'RUNNING',
    reason: '',
    groups: ['0:reading', '1:publishing'],
    workers: [],
  };
  expect(describeSight(sight, 1_000_000, 123_456.7)).toBe(
    '123,457 rows/s | lag 100,000 | published 500,000 | groups 0:reading 1:publishing',
  );
  const unhealthy = { ...sight, healthy: false, state: 'UNABLE_TO_CONNECT_TO_STREAM', groups: [] };
  expect(describeSight(unhealthy, 0, -1)).toBe(
    '0 rows/s | lag 0 | published 500,000 | no task group | UNABLE_TO_CONNECT_TO_STREAM',
  );
});

test('the spec of the demo is a good one, without a warning', () => {
  const spec = flightsSpec({ supervisor: 'flights', topic: 'flights' }, '127.0.0.1:9092');
  expect(parseSupervisorSpec(spec)).toMatchObject({ kind: 'ok', warnings: [] });
});
