/**
 * `npm run chaos:live`: rows by SQL while they arrive, the long form. Exit code 0 only when no answer ever fell, none was above
 * what was produced, the last one is equal to it, and rows were visible in time while nothing was being killed.
 */
import { parseArgs } from 'node:util';
import { runLive } from '../support/live-run.ts';
import type { LiveReport } from '../support/live-run.ts';
import { quantile } from '../support/live-watch.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    rate: { type: 'string', default: '20000' },
    'task-duration': { type: 'string', default: 'PT20S' },
    'kill-every': { type: 'string', default: '30' },
    'kill-after': { type: 'string', default: '60' },
    'ask-every': { type: 'string', default: '200' },
    partitions: { type: 'string', default: '4' },
    'task-count': { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    raw: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const visibleWithinMs = 2_000;
const killEveryMs = Number(values['kill-every']) * 1000;

if (values.help) {
  console.log(
    'npm run chaos:live -- [--seconds 600] [--rate 20000] [--task-duration PT20S] [--kill-every 30, 0: none] [--kill-after 60] [--ask-every 200] [--partitions 4] [--task-count 2] [--workers 2] [--raw] [--json]',
  );
} else {
  report(
    await runLive({
      seconds: Number(values.seconds),
      rowsPerSecond: Number(values.rate),
      taskDuration: values['task-duration'],
      kills:
        killEveryMs === 0 ? null : { firstMs: Number(values['kill-after']) * 1000, everyMs: killEveryMs },
      askEveryMs: Number(values['ask-every']),
      partitions: Number(values.partitions),
      taskCount: Number(values['task-count']),
      ingestWorkers: Number(values.workers),
      raw: values.raw,
      say: (line) => console.error(`${new Date().toISOString()} ${line}`),
    }),
  );
}

function report(run: LiveReport): void {
  const { produced, sum, last, breaches, errors, lagMs, tookMs } = run;
  const p95 = quantile(lagMs, 0.95);
  const lines = [
    [
      'no answer fell or was above what was produced',
      breaches.length === 0,
      breaches.slice(0, 5).join(' | '),
    ],
    [
      'at the end count and sum are equal',
      last.count === produced && last.sum === sum,
      `${last.count} of ${produced}, ${last.sum} of ${sum}`,
    ],
    ['every question was answered', errors.length === 0, errors.slice(0, 3).join(' | ')],
    [
      `visible within ${visibleWithinMs} ms at p95`,
      lagMs.length > 0 && p95 <= visibleWithinMs,
      `p50 ${quantile(lagMs, 0.5)}, p95 ${p95}, max ${quantile(lagMs, 1)} ms over ${lagMs.length} answers`,
    ],
  ] as const;
  if (values.json) {
    const { lagMs: _lags, tookMs: _took, ...rest } = run;
    console.log(JSON.stringify({ ...rest, ok: lines.every(([, ok]) => ok), p95 }));
  } else {
    for (const [what, ok, detail] of lines) console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${detail}`);
    console.log(
      `${produced} rows, ${run.answers} answers (${run.incomplete} incomplete, ${run.skipped} not asked), ${run.kills} kills; ` +
        `answers took p50 ${quantile(tookMs, 0.5)}, p95 ${quantile(tookMs, 0.95)}, max ${quantile(tookMs, 1)} ms`,
    );
  }
  process.exitCode = lines.every(([, ok]) => ok) ? 0 : 1;
}
