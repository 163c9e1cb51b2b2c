/** `headgate worker control` and `headgate worker ingest`: the two worker roles. Their settings are environment variables. */
import type { Command } from 'commander';
import { readConfig, settingsHelp } from '../../workers/config.ts';

export function register(program: Command): void {
  const worker = program.command('worker').description('run a worker role');
  worker
    .command('control')
    .description('run all workflows and the light activities that look at the streams')
    .addHelpText('after', () => `\n${settingsHelp('control')}`)
    .action(async () => {
      const config = readConfig('control', process.env);
      // Loaded here: --help must not load the clients of three servers.
      const { runControlWorker } = await import('../../workers/control.ts');
      await runControlWorker(config);
      process.exit(0);
    });
  worker
    .command('ingest')
    .description('run ingestion tasks: read, roll up, write segments')
    .addHelpText('after', () => `\n${settingsHelp('ingest')}`)
    .action(async () => {
      const config = readConfig('ingest', process.env);
      const { runIngestWorker } = await import('../../workers/ingest.ts');
      await runIngestWorker(config);
      process.exit(0);
    });
}
