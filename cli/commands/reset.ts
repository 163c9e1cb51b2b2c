/** `headgate reset <id>`: forgets every stored offset, so that reading begins where the spec says. */
import type { Command } from 'commander';
import { giveRiskyOrder, riskyOrderCommand } from '../order.ts';
import type { OrderOptions } from '../order.ts';

export function register(program: Command): void {
  riskyOrderCommand(program, 'reset', {
    description: 'forget every stored offset and begin again where the spec says',
    more: [
      'What is not published is given up and read again. Where reading begins is useEarliestOffset of the spec:',
      'the earliest record (what is published already is read again, so it is there twice), or the newest (what lies',
      'between is skipped, and declared as a gap). For one partition, or another place: reset-offsets, reset-to-time.',
    ].join('\n'),
    examples: ['reset clicks --dry-run', 'reset clicks --yes --wait'],
  })
    .argument('<id>', 'supervisor')
    .action((id: string, options: OrderOptions) =>
      giveRiskyOrder({ supervisorId: id, verb: 'reset', name: 'the reset' }, options),
    );
}
