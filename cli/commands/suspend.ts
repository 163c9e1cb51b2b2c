/** `headgate suspend <id>`: running groups publish what they have read, then nothing is read until `resume`. */
import type { Command } from 'commander';
import { verbCommand } from '../verb.ts';

export function register(program: Command): void {
  verbCommand(program, 'suspend', {
    description: 'suspend a supervisor',
    more: 'Running task groups publish what they have read, then nothing is read until `headgate resume`. Nothing is lost.',
    outcome: 'suspended',
    name: 'the suspension',
    concerns: (entry) => !entry.suspended,
  });
}
