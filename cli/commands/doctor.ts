/**
 * `headgate doctor`: looks at every part and says what is wrong and what to do. Exit code 3 when something is.
 *
 * Addresses come from the environment of the roles, or from the stack.json of `headgate dev`.
 */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readStackFile, stackFilePath } from '../../stack/stack-file.ts';
import { readConfig, settingsHelp } from '../../workers/config.ts';
import type { Env, RoleConfig } from '../../workers/config.ts';
import type { Finding } from '../../workers/doctor.ts';
import { exitCodes, print, printJson } from '../output.ts';

type Options = { readonly data: string; readonly json?: boolean; readonly acceptRestore?: string };

export function register(program: Command): void {
  program
    .command('doctor')
    .description('check Postgres, Temporal and deep storage, and say what is wrong')
    .option('--data <folder>', 'data folder of `headgate dev`, when no address is set', '.headgate')
    .option('--accept-restore <id>', 'let a stopped supervisor publish again, once you looked into why')
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', () => `\n${settingsHelp('control')}`)
    .action(async (options: Options) => {
      const settings = readSettings(options.data, process.env);
      const { acceptStoppedSupervisor, diagnose } = await import('../../workers/doctor.ts');
      if (options.acceptRestore !== undefined) {
        await acceptStoppedSupervisor(settings, options.acceptRestore);
        return print(`${options.acceptRestore}: accepted; it publishes again`);
      }
      const findings = await diagnose(settings);
      if (options.json) printJson(findings);
      else print(findings.map(describe).join('\n'));
      if (findings.some((finding) => !finding.ok)) process.exitCode = exitCodes.unhealthy;
    });
}

/** Findings can be long: lines, not a table. */
function describe({ ok, check, detail, remedy }: Finding): string {
  const line = `${ok ? 'ok   ' : 'WRONG'}  ${check}: ${detail}`;
  return remedy === null ? line : `${line}\n         -> ${remedy}`;
}

/** The roles' own variables win; without them, whatever `headgate dev` has running there. */
function readSettings(folder: string, env: Env): RoleConfig {
  if (env['HEADGATE_POSTGRES_URL'] !== undefined || !existsSync(stackFilePath(folder)))
    return readConfig('control', env);
  const stack = readStackFile(folder);
  return readConfig('control', {
    ...env,
    HEADGATE_POSTGRES_URL: stack.postgres ?? undefined,
    HEADGATE_DEEP_STORAGE: stack.deepStorage,
    HEADGATE_TEMPORAL_ADDRESS: stack.temporal?.address,
    HEADGATE_TEMPORAL_NAMESPACE: stack.temporal?.namespace,
  });
}
