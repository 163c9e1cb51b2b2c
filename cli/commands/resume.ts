/** `headgate resume <id>`: reading goes on from the stored positions. */
import type { Command } from 'commander';
import { verbCommand } from '../verb.ts';

export function register(program: Command): void {
  verbCommand(program, 'resume', { description: 'resume a suspended supervisor', outcome: 'resumed' });
}
