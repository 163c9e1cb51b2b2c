/** `headgate backfill <id>`: reads on at the newest records at once, and leaves what lies between to a second supervisor. */
import type { Command } from 'commander';
import { giveRiskyOrder, riskyOrderCommand } from '../order.ts';
import type { OrderOptions } from '../order.ts';
import { wholeNumber } from '../whole-number.ts';

type Options = OrderOptions & { readonly taskCount?: number };

export function register(program: Command): void {
  riskyOrderCommand(program, 'backfill', {
    description: 'read on at the newest records, and let a second supervisor catch up',
    more: [
      'For a supervisor that is far behind: it goes on at the end of the log, and a second, bounded supervisor reads what',
      'lies between into the same data source and ends. Nothing is skipped or repeated. The spec must have',
      '"useConcurrentLocks": true in its context, and the supervisor must be running.',
    ].join('\n'),
    examples: ['backfill clicks --dry-run', 'backfill clicks --task-count 4 --yes'],
  })
    .argument('<id>', 'supervisor')
    .option(
      '--task-count <n>',
      'task groups of the second supervisor (default: as many as this one)',
      wholeNumber(1),
    )
    .action((id: string, options: Options) =>
      giveRiskyOrder(
        {
          supervisorId: id,
          verb: 'resetToLatestAndBackfill',
          name: 'the reset to the newest offsets with a backfill',
          ...(options.taskCount === undefined
            ? {}
            : { query: { backfillTaskCount: String(options.taskCount) } }),
        },
        options,
      ),
    );
}
