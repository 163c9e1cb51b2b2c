/** `headgate resume <id>`: reading goes on where it ended. */
import type { Command } from 'commander';
import { verbCommand } from '../verb.ts';

export function register(program: Command): void {
  verbCommand(program, 'resume', {
    description: 'resume a suspended supervisor',
    more: 'Reading goes on at the stored offsets, where it ended.',
    outcome: 'resumed',
    name: 'the first tasks',
    concerns: (entry) => entry.suspended,
  });
}
