/** `headgate api`: the HTTP API as a process of its own. Its settings are environment variables. */
import type { Command } from 'commander';
import { readConfig, settingsHelp } from '../../workers/config.ts';

export function register(program: Command): void {
  program
    .command('api')
    .description('run the HTTP API and SQL (a role; see also `headgate worker`)')
    .addHelpText('after', () => `\n${settingsHelp('api')}`)
    .action(async () => {
      const config = readConfig('api', process.env);
      // Loaded here: --help must not load the clients of three servers.
      const { runApi } = await import('../../workers/api.ts');
      await runApi(config);
      process.exit(0);
    });
}
