/** `headgate validate spec.json`: the server's own check of a spec, without a server. Exit code 1 when it would refuse. */
import type { Command } from 'commander';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { withSecurityChecked } from '../../streams/kafka/check-security.ts';
import type { Problem } from '../../domain/spec/parse.ts';
import { messageOf } from '../../domain/errors.ts';
import { exitCodes, print, printJson, printTable } from '../output.ts';
import { readSpecFile } from '../spec-files.ts';

type Verdict = {
  readonly file: string;
  readonly valid: boolean;
  readonly id: string | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
};

export function register(program: Command): void {
  program
    .command('validate')
    .description('check spec files without a server')
    .argument('[files...]', 'spec files; - is standard input')
    .option('-f, --file <file...>', 'the same')
    .option('--json', 'print JSON, for programs')
    .action((files: string[], options: { file?: string[]; json?: boolean }, command: Command) => {
      const all = [...files, ...(options.file ?? [])];
      if (all.length === 0) command.error('error: found no file, expected at least one');
      const verdicts = all.map(check);
      if (options.json) printJson(all.length === 1 ? verdicts[0] : verdicts);
      else verdicts.forEach(show);
      if (verdicts.some((verdict) => !verdict.valid)) process.exitCode = exitCodes.failure;
    });
}

function check(file: string): Verdict {
  const text = readSpecFile(file);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    const problem = { path: 'file', found: messageOf(error), expected: 'valid JSON' };
    return { file, valid: false, id: null, problems: [problem], warnings: [] };
  }
  const parsed = withSecurityChecked(checkSupervisorSpec(raw));
  if (parsed.kind === 'invalid')
    return { file, valid: false, id: null, problems: parsed.problems, warnings: [] };
  return { file, valid: true, id: parsed.spec.id, problems: [], warnings: parsed.warnings };
}

function show({ file, valid, id, problems, warnings }: Verdict): void {
  const listed = [
    ...problems.map((problem) => ['problem', problem] as const),
    ...warnings.map((warning) => ['warning', warning] as const),
  ];
  print(valid ? `${file}: supervisor ${id} is valid` : `${file}: ${problems.length} problem(s)`);
  if (listed.length > 0)
    printTable(
      ['', 'field', 'found', 'expected'],
      listed.map(([kind, { path, found, expected, remedy }]) => [
        kind,
        path,
        found,
        remedy ? `${expected}; ${remedy}` : expected,
      ]),
    );
}
