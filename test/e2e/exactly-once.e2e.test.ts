/** The short form of `npm run chaos`: the whole system, killed on the way, then every id exactly once. */
import { expect, it } from 'vitest';
import { runChaos } from '../support/chaos.ts';
import { freezeIngest, killApi, killControl, killIngest } from '../support/faults.ts';
import { failuresOf } from '../support/ledger.ts';

it('druid 6.94 KafkaIndexFaultToleranceTest: stores every id exactly once although workers are killed and frozen', async () => {
  const report = await runChaos({
    rows: 60_000,
    rowsPerSecond: 1_500,
    partitions: 6,
    taskCount: 3,
    replicas: 2,
    taskDuration: 'PT8S',
    maxTotalRows: 2_000,
    ingestWorkers: 3,
    restMs: 240_000,
    say: (line) => console.log(line),
    faults: [killIngest(0), killControl, freezeIngest(1, 15_000), killApi, killIngest(2)],
  });
  expect(failuresOf(report.ledger)).toEqual([]);
  expect(report.produced).toBe(60_000);
  expect(report.generations).toBeGreaterThanOrEqual(6);
  expect(report.sequences).toBeGreaterThan(report.generations);
  expect(report.ledger.rereadRatio).toBeLessThan(3);
});
