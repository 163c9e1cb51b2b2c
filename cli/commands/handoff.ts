/** `headgate handoff <id> [group...]`: these groups stop reading now and publish; their next generation reads on. */
import type { Command } from 'commander';
import { HeadgateError } from '../../domain/errors.ts';
import { ApiClient, supervisorPath } from '../client.ts';
import { giveOrder, orderCommand } from '../order.ts';
import type { OrderOptions } from '../order.ts';
import { wholeNumbers } from '../whole-number.ts';

export function register(program: Command): void {
  orderCommand(program, 'handoff', {
    description: 'let task groups publish now instead of at the end of taskDuration',
    more: 'Skips nothing and repeats nothing. With --wait it answers when their next generation reads.',
    examples: ['handoff clicks            # every group that reads', 'handoff clicks 0 2 --wait'],
  })
    .argument('<id>', 'supervisor')
    .argument('[group...]', 'numbers of task groups', wholeNumbers(0))
    .action(async (id: string, groups: readonly number[] | undefined, options: OrderOptions) => {
      const taskGroupIds = groups?.length ? groups : await readingGroups(id, options);
      await giveOrder(
        {
          supervisorId: id,
          verb: 'taskGroups/handoff',
          name: 'the handoff',
          body: JSON.stringify({ taskGroupIds }),
        },
        options,
      );
    });
}

type Status = {
  readonly payload: {
    readonly headgate: { readonly groups: readonly { readonly groupId: number; readonly state: string }[] };
  };
};

async function readingGroups(id: string, options: OrderOptions): Promise<number[]> {
  const { payload } = await new ApiClient(options).get<Status>(supervisorPath(id, 'status'));
  const reading = payload.headgate.groups.filter((group) => group.state === 'reading');
  if (reading.length === 0) throw new HeadgateError('REQUEST_INVALID', `${id}: no task group reads now`);
  return [...new Set(reading.map((group) => group.groupId))];
}
