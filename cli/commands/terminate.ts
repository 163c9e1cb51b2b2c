/** `headgate terminate <id>`: asks first on a terminal. Data, positions and history stay; the same id goes on there. */
import type { Command } from 'commander';
import { ask, canAsk, yesIsMissing } from '../ask.ts';
import { verbCommand } from '../verb.ts';

export function register(program: Command): void {
  const command: Command = verbCommand(program, 'terminate', {
    description: 'end a supervisor; its data stays',
    more: 'It publishes what it has read, then ends. Data, offsets and history stay: posting the same id goes on there.',
    outcome: 'terminated',
    name: 'the end',
    concerns: () => true,
    confirm: async (id) => {
      if (command.opts<{ yes?: boolean }>().yes) return;
      const subject = id === null ? 'EVERY supervisor' : `supervisor ${id}`;
      if (canAsk()) await ask(`Terminate ${subject}? It publishes what it has read, then ends.`, id ?? 'all');
      else if (id === null) throw yesIsMissing('terminate --all', 'it ends every supervisor');
    },
  }).option('-y, --yes', 'do not ask');
}
