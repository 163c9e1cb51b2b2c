/** `headgate reset-to-time <id> -2h`: partitions are read from their first record of that time on. */
import type { Command } from 'commander';
import { HeadgateError } from '../../domain/errors.ts';
import { momentForms, readMoment } from '../moment.ts';
import { giveRiskyOrder, riskyOrderCommand } from '../order.ts';
import type { OrderOptions } from '../order.ts';

type Options = OrderOptions & { readonly partition?: readonly string[] };

export function register(program: Command): void {
  riskyOrderCommand(program, 'reset-to-time', {
    description: 'read partitions from their first record of a time on',
    more: [
      `The time is that of the records in Kafka. It is ${momentForms}.`,
      'What lies after that time and is published already is read again; what lies before it and is not read yet is skipped.',
    ].join('\n'),
    examples: [
      'reset-to-time clicks -2h --dry-run',
      'reset-to-time clicks 2026-11-21T09:30:00Z --yes --wait',
    ],
  })
    .argument('<id>', 'supervisor')
    .argument('<time>', 'from when on to read')
    .option('-p, --partition <name...>', 'only these partitions')
    // `-2h` looks like an option.
    .allowUnknownOption()
    .action(async (id: string, time: string, options: Options) => {
      const atMs = readMoment(time, Date.now());
      if (atMs === null)
        throw new HeadgateError(
          'CONFIG_INVALID',
          `reset-to-time: time: found ${JSON.stringify(time)}, expected ${momentForms}`,
        );
      const timestamp = new Date(atMs).toISOString();
      await giveRiskyOrder(
        {
          supervisorId: id,
          verb: 'resetOffsets',
          name: `the reset to ${timestamp}`,
          body: JSON.stringify({
            type: 'timestamp',
            timestamp,
            ...(options.partition === undefined ? {} : { partitions: options.partition }),
          }),
        },
        options,
      );
    });
}
