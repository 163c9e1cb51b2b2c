/** `headgate scale <id> <taskCount>`: a new spec version with that many task groups; groups make way at once. */
import type { Command } from 'commander';
import { giveOrder, orderCommand } from '../order.ts';
import type { OrderOptions } from '../order.ts';
import { wholeNumber } from '../whole-number.ts';

type Options = OrderOptions & { readonly reason?: string };

export function register(program: Command): void {
  orderCommand(program, 'scale', {
    description: 'run with another number of task groups (taskCount)',
    more: [
      'Running groups publish what they have read, and the new ones go on there: nothing is skipped or repeated.',
      'An autoscaler may change it again later. More groups than partitions are of no use.',
    ].join('\n'),
    examples: ['scale clicks 4', 'scale clicks 4 --reason "evening peak" --wait'],
  })
    .argument('<id>', 'supervisor')
    .argument('<taskCount>', 'how many task groups', wholeNumber(1))
    .option('--reason <text>', 'why; it stands in the story of the supervisor')
    .action((id: string, taskCount: number, options: Options) =>
      giveOrder(
        {
          supervisorId: id,
          verb: 'scale',
          name: 'the scaling',
          body: JSON.stringify({
            taskCount,
            ...(options.reason === undefined ? {} : { reason: options.reason }),
          }),
        },
        options,
      ),
    );
}
