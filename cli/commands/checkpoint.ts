/** `headgate checkpoint <id> [group...]`: what is read so far is published as a sequence of its own; reading goes on. */
import type { Command } from 'commander';
import { giveOrder, orderCommand } from '../order.ts';
import type { OrderOptions } from '../order.ts';
import { wholeNumbers } from '../whole-number.ts';

export function register(program: Command): void {
  orderCommand(program, 'checkpoint', {
    description: 'publish what is read so far, and read on with the same tasks',
    more: 'Skips nothing and repeats nothing. Tasks pause for a fraction of a second to agree on common ends.',
    examples: ['checkpoint clicks            # every group that reads', 'checkpoint clicks 1 --wait'],
  })
    .argument('<id>', 'supervisor')
    .argument('[group...]', 'numbers of task groups', wholeNumbers(0))
    .action((id: string, groups: readonly number[] | undefined, options: OrderOptions) =>
      giveOrder(
        {
          supervisorId: id,
          verb: 'checkpoint',
          name: 'the checkpoint',
          ...(groups?.length ? { body: JSON.stringify({ taskGroupIds: groups }) } : {}),
        },
        options,
      ),
    );
}
