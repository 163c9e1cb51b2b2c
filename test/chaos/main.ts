/** `npm run chaos`: the long form. A million ids, faults of every kind, then the ledger. Exit code 0 only when every line holds. */
import { parseArgs } from 'node:util';
import { runChaos } from '../support/chaos.ts';
import {
  freezeIngest,
  killApi,
  killControl,
  killIngest,
  killKafka,
  killPostgres,
  killTemporal,
} from '../support/faults.ts';
import { failuresOf } from '../support/ledger.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '4000' },
    'task-duration': { type: 'string', default: 'PT30S' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log('npm run chaos -- [--rows 1000000] [--rate 4000] [--task-duration PT30S]');
} else {
  const report = await runChaos({
    rows: Number(values.rows),
    rowsPerSecond: Number(values.rate),
    partitions: 6,
    taskCount: 3,
    replicas: 2,
    taskDuration: values['task-duration'],
    maxTotalRows: 15_000,
    ingestWorkers: 3,
    restMs: 10 * 60_000,
    say: (line) => console.error(`${new Date().toISOString()} ${line}`),
    faults: [
      killIngest(0),
      killControl,
      killIngest(1),
      killApi,
      freezeIngest(2),
      killIngest(0),
      killTemporal,
      killIngest(1),
      killPostgres,
      killControl,
      killIngest(2),
      killKafka,
      killApi,
      killIngest(0),
    ],
  });
  for (const line of report.ledger.lines)
    console.log(`${line.ok ? 'ok  ' : 'FAIL'} ${line.id} ${line.detail}`);
  console.log(`faults: ${report.faults.join(', ')}`);
  console.log(
    `${report.produced} rows produced in ${report.seconds.produce.toFixed(0)} s, at rest after ${report.seconds.rest.toFixed(0)} s, ` +
      `${report.generations} generations, ${report.sequences} sequences, re-read ratio ${report.ledger.rereadRatio?.toFixed(3) ?? 'unknown'}`,
  );
  process.exitCode = failuresOf(report.ledger).length === 0 ? 0 : 1;
}
