/** `headgate stats <id>`: rows per second and what became of the records, by task and in sum. */
import type { Command } from 'commander';
import { grouped } from '../../domain/explain/moments.ts';
import { ApiClient, clientCommand, isObject, parsed, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { print, tableText } from '../output.ts';
import { showAgain } from '../show-again.ts';
import { wholeNumber } from '../whole-number.ts';

const windows = ['1m', '5m', '15m'] as const;
const fates = ['processed', 'processedWithError', 'unparseable', 'thrownAway', 'processedBytes'] as const;

/** Null: unknown. */
type Numbers = readonly (number | null)[];
type TaskStats = {
  readonly group: string;
  readonly task: string;
  readonly rates: Numbers;
  readonly totals: Numbers;
  readonly reasons: Record<string, unknown>;
};

type Options = ClientOptions & { readonly watch?: number };

export function register(program: Command): void {
  clientCommand(program, 'stats', 'show how fast it reads and what became of the records')
    .argument('<id>', 'supervisor')
    .option('--watch <seconds>', 'again and again, until Ctrl-C', wholeNumber(1, 3_600))
    .addHelpText(
      'after',
      [
        '',
        'Rates are rows per second over the last minute, 5 and 15 minutes; totals are those of the running tasks, so they',
        'begin anew at each rollover. Replicas read the same records: each counts them.',
        '',
        'Examples:',
        '  headgate stats clicks',
        '  headgate stats clicks --watch 5',
      ].join('\n'),
    )
    .action(async (id: string, options: Options) => {
      const client = new ApiClient(options);
      const show = async (): Promise<string> => {
        const text = await client.text('GET', supervisorPath(id, 'stats'));
        return options.json ? text : statsText(id, tasksIn(text));
      };
      if (options.watch === undefined) print(await show());
      else await showAgain(show, { everySeconds: options.watch, title: `stats ${id}` });
    });
}

function tasksIn(text: string): TaskStats[] {
  return Object.entries(parsed(text)).flatMap(([group, tasks]) =>
    Object.entries(isObject(tasks) ? tasks : {}).map(([task, report]) => taskStats(group, task, report)),
  );
}

function taskStats(group: string, task: string, report: unknown): TaskStats {
  const averages = at(report, 'movingAverages', 'buildSegments');
  const totals = at(report, 'totals', 'buildSegments');
  const reasons = at(totals, 'thrownAwayByReason');
  return {
    group,
    task,
    rates: windows.map((window) => numberAt(averages, window, 'processed')),
    totals: fates.map((fate) => numberAt(totals, fate)),
    reasons: isObject(reasons) ? reasons : {},
  };
}

function statsText(id: string, tasks: readonly TaskStats[]): string {
  if (tasks.length === 0)
    return `${id}: no task has told of itself yet; \`headgate status ${id}\` says what it does`;
  const table = tableText(
    [
      'group',
      'task',
      ...windows.map((window) => `rows/s ${window}`),
      'processed',
      'with error',
      'unparseable',
      'thrown away',
      'bytes',
    ],
    [
      ...tasks.map(({ group, task, rates, totals }) => [
        group,
        task,
        ...rates.map(rate),
        ...totals.map(whole),
      ]),
      ...(tasks.length > 1
        ? [['', 'sum', ...sumOf(tasks, 'rates').map(rate), ...sumOf(tasks, 'totals').map(whole)]]
        : []),
    ],
  );
  const reasons = reasonsText(tasks);
  return reasons === '' ? table : `${table}\nthrown away: ${reasons}`;
}

/** A sum with an unknown part is unknown. */
function sumOf(tasks: readonly TaskStats[], of: 'rates' | 'totals'): Numbers {
  const [first, ...rest] = tasks.map((task) => task[of]);
  return rest.reduce(
    (sum, numbers) =>
      sum.map((value, index) => {
        const other = numbers[index] ?? null;
        return value === null || other === null ? null : value + other;
      }),
    first ?? [],
  );
}

function reasonsText(tasks: readonly TaskStats[]): string {
  const sums = new Map<string, number>();
  for (const { reasons } of tasks)
    for (const [reason, count] of Object.entries(reasons))
      if (typeof count === 'number' && count > 0) sums.set(reason, (sums.get(reason) ?? 0) + count);
  return [...sums].map(([reason, count]) => `${grouped(count)} ${reason}`).join(', ');
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function numberAt(value: unknown, ...path: readonly string[]): number | null {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : null;
}

function rate(value: number | null): string {
  if (value === null) return 'unknown';
  return value >= 100 ? grouped(Math.round(value)) : value.toFixed(1);
}

function whole(value: number | null): string {
  return value === null ? 'unknown' : grouped(value);
}
