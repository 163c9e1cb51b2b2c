/**
 * `npm run operate`: a random operator for ten minutes under load. Exit code 0 only when every order was answered, nobody is
 * stuck, and each record is in the data exactly as often as the orders have announced. The same seed gives the same orders.
 */
import { parseArgs } from 'node:util';
import { keepHistories } from './keep-histories.ts';
import { runOperator } from './run.ts';
import type { OperatorReport } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '600' },
    rate: { type: 'string', default: '1500' },
    partitions: { type: 'string', default: '4' },
    'task-duration': { type: 'string', default: 'PT20S' },
    workers: { type: 'string', default: '2' },
    orders: { type: 'string', default: '200' },
    'keep-histories': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run operate -- [--seed 6] [--seconds 600] [--rate 1500] [--partitions 4] [--task-duration PT20S] [--workers 2] [--orders 200, at least] [--keep-histories] [--json]',
  );
} else {
  console.error(`seed ${values.seed}`);
  report(
    await runOperator({
      seed: Number(values.seed),
      seconds: Number(values.seconds),
      rowsPerSecond: Number(values.rate),
      partitions: Number(values.partitions),
      taskDuration: values['task-duration'],
      ingestWorkers: Number(values.workers),
      say,
      ...(values['keep-histories']
        ? {
            atEnd: async (dev) =>
              say(`${await keepHistories(dev, Number(values.seed))} histories kept as fixtures`),
          }
        : {}),
    }),
  );
}

function say(line: string): void {
  console.error(`${new Date().toISOString()} ${line}`);
}

function report(run: OperatorReport): void {
  const least = Number(values.orders);
  const lines: [what: string, ok: boolean, detail: string][] = [
    [`at least ${least} orders`, run.given.length >= least, `${run.given.length}`],
    [
      'every order was answered',
      run.unanswered.length === 0,
      run.unanswered.map(({ order, status, text }) => `${order} ${status} ${text}`).join(' | '),
    ],
    ['nobody is stuck', run.stuck.length === 0, run.stuck.join(' | ')],
    ...run.counts.map((count): [string, boolean, string] => [
      `${count.supervisorId}: every record as often as announced`,
      count.miscounted === 0 && count.rows === count.expectedRows,
      `${count.rows} rows, ${count.expectedRows} announced of ${run.produced} produced; ${count.miscounted} records otherwise ${count.miscounted > 0 ? JSON.stringify(count.first) : ''}`,
    ]),
    ['invariants hold', run.invariants.length === 0, run.invariants.join(' | ')],
  ];
  if (values.json) console.log(JSON.stringify({ ...run, ok: lines.every(([, ok]) => ok) }));
  else {
    for (const [what, ok, detail] of lines) console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${detail}`);
    for (const [order, counted] of tally(run)) console.log(`     ${order}: ${counted}`);
  }
  process.exitCode = lines.every(([, ok]) => ok) ? 0 : 1;
}

function tally(run: OperatorReport): [order: string, text: string][] {
  const orders = [...new Set(run.given.map(({ order }) => order))].sort();
  return orders.map((order) => {
    const own = run.given.filter((given) => given.order === order);
    const refused = own.filter(({ status }) => status >= 400).length;
    const slowest = Math.max(...own.map(({ tookMs }) => tookMs));
    return [order, `${own.length}, ${refused} refused with a reason, slowest ${slowest} ms`];
  });
}
