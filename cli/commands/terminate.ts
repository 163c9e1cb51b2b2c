/** `headgate terminate <id>`: asks first on a terminal. Data, positions and history stay; the same id goes on there. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { HeadgateError } from '../../domain/errors.ts';
import { verbCommand } from '../verb.ts';

export function register(program: Command): void {
  const command: Command = verbCommand(program, 'terminate', {
    description: 'end a supervisor; its data stays',
    outcome: 'terminated',
    confirm: async (id) => {
      if (command.opts<{ yes?: boolean }>().yes || !process.stdin.isTTY) return;
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      const answer = await terminal.question(
        `Terminate supervisor ${id}? It publishes what it has read, then ends. [y/N] `,
      );
      terminal.close();
      if (!/^y(es)?$/i.test(answer.trim()))
        throw new HeadgateError('REQUEST_INVALID', `${id}: left as it is`);
    },
  }).option('-y, --yes', 'do not ask');
}
