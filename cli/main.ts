#!/usr/bin/env node
/**
 * `headgate`: one program, a module per command, loaded only when it is called for.
 *
 * Exit codes: 0 ok, 1 failure, 2 wrong usage, 3 unhealthy, 4 not found, 5 timeout. Data goes to stdout, talk to
 * stderr. A problem is a sentence, never a stack trace.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { exitCodeOf, exitCodes, printProblem } from './output.ts';

type CommandModule = { readonly register: (program: Command) => void };
type Entry = { readonly description: string; readonly load: () => Promise<CommandModule> };

/** Descriptions stand here too, so that `headgate --help` loads nothing. */
const commands: Readonly<Record<string, Entry>> = {
  demo: {
    description: 'the whole journey on real data: rows into Kafka, out by SQL, with a proof',
    load: () => import('./commands/demo.ts'),
  },
  dev: {
    description: 'run Temporal, Kafka, Postgres and every role of Headgate on this machine',
    load: () => import('./commands/dev.ts'),
  },
  apply: {
    description: 'create or update supervisors from spec files',
    load: () => import('./commands/apply.ts'),
  },
  diff: {
    description: 'compare spec files with what runs, and tell what apply would do',
    load: () => import('./commands/diff.ts'),
  },
  validate: {
    description: 'check spec files without a server',
    load: () => import('./commands/validate.ts'),
  },
  sample: {
    description: 'show what ingestion would make of some records',
    load: () => import('./commands/sample.ts'),
  },
  list: { description: 'list supervisors', load: () => import('./commands/list.ts') },
  status: { description: 'show how supervisors are doing', load: () => import('./commands/status.ts') },
  explain: {
    description: 'tell why a supervisor is as it is, and what happened to it',
    load: () => import('./commands/explain.ts'),
  },
  lag: {
    description: 'show how far reading is behind, partition by partition',
    load: () => import('./commands/lag.ts'),
  },
  stats: {
    description: 'show how fast it reads and what became of the records',
    load: () => import('./commands/stats.ts'),
  },
  'parse-errors': {
    description: 'show records that could not be read, and why',
    load: () => import('./commands/parse-errors.ts'),
  },
  tasks: {
    description: 'list ingestion tasks; show the log of one, or replace one',
    load: () => import('./commands/tasks.ts'),
  },
  suspend: { description: 'suspend a supervisor', load: () => import('./commands/suspend.ts') },
  resume: { description: 'resume a suspended supervisor', load: () => import('./commands/resume.ts') },
  terminate: {
    description: 'end a supervisor; its data stays',
    load: () => import('./commands/terminate.ts'),
  },
  handoff: {
    description: 'let task groups publish now instead of at the end of taskDuration',
    load: () => import('./commands/handoff.ts'),
  },
  checkpoint: {
    description: 'publish what is read so far, and read on with the same tasks',
    load: () => import('./commands/checkpoint.ts'),
  },
  scale: {
    description: 'run with another number of task groups',
    load: () => import('./commands/scale.ts'),
  },
  reset: {
    description: 'forget every stored offset and begin again where the spec says',
    load: () => import('./commands/reset.ts'),
  },
  'reset-offsets': {
    description: 'read partitions from given offsets',
    load: () => import('./commands/reset-offsets.ts'),
  },
  'reset-to-time': {
    description: 'read partitions from their first record of a time on',
    load: () => import('./commands/reset-to-time.ts'),
  },
  backfill: {
    description: 'read on at the newest records, and let a second supervisor catch up',
    load: () => import('./commands/backfill.ts'),
  },
  history: {
    description: 'show the spec versions of a supervisor',
    load: () => import('./commands/history.ts'),
  },
  sql: {
    description: 'run SQL queries; on a terminal without a statement, a prompt',
    load: () => import('./commands/sql.ts'),
  },
  doctor: {
    description: 'check Postgres, Temporal and deep storage, and say what is wrong',
    load: () => import('./commands/doctor.ts'),
  },
  api: { description: 'role: the HTTP API and SQL', load: () => import('./commands/api.ts') },
  worker: {
    description: 'role: a control or an ingest worker',
    load: () => import('./commands/worker.ts'),
  },
};

async function main(words: readonly string[]): Promise<void> {
  const program = new Command('headgate')
    .description('Durable, exactly-once stream ingestion: Druid supervisors on Temporal')
    .version(ownVersion())
    .exitOverride()
    .showHelpAfterError('(add --help for usage)');
  const wanted = words.find((word) => Object.hasOwn(commands, word));
  for (const [name, { description, load }] of Object.entries(commands)) {
    if (name === wanted) (await load()).register(program);
    else program.command(name).description(description);
  }
  if (words.length === 0) return program.outputHelp();
  await program.parseAsync([...words], { from: 'user' });
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

// `headgate list | head` closes our stdout early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  // Commander has said what is wrong already; its --help and --version end here too.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    printProblem(error);
    process.exitCode = exitCodeOf(error);
  }
}
