/**
 * `headgate diff -f spec.json`: in what a spec file differs from what runs, and what `apply` would do. Changes nothing.
 *
 * Exit codes as those of diff(1): 0 no difference, 1 some, 2 it cannot be told (4 and 5 as everywhere).
 */
import type { Command } from 'commander';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { counted } from '../../domain/explain/moments.ts';
import { describeProblems } from '../../domain/spec/parse.ts';
import type { Problem } from '../../domain/spec/problem.ts';
import { checkSpecChange, mergeTaskCount } from '../../domain/spec/spec-changes.ts';
import { specDifferences } from '../../domain/spec/spec-differences.ts';
import type { SpecDifference } from '../../domain/spec/spec-differences.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { ApiClient, clientCommand, isObject, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { exitCodeOf, exitCodes, paintFaint, paintTitle, print, printJson, printProblem } from '../output.ts';
import { withKnownSecrets } from '../known-secrets.ts';
import { readSpecFile } from '../spec-files.ts';
import { cutToWidth, printable } from '../sql/display-width.ts';

type Options = ClientOptions & { readonly file: readonly string[] };

type Comparison = {
  readonly id: string;
  readonly exists: boolean;
  readonly differences: readonly SpecDifference[];
  /** Why `apply` would be refused. */
  readonly refused: readonly Problem[];
  /** Secrets that stand in the file: the server does not give its own out. */
  readonly notCompared: readonly string[];
};

const differs = 1;
const cannotTell = 2;
const valueWidth = 160;

export function register(program: Command): void {
  clientCommand(program, 'diff', 'compare spec files with what runs, and tell what apply would do')
    .requiredOption('-f, --file <file...>', 'spec file; - is standard input')
    .addHelpText(
      'after',
      [
        '',
        'Layout, order and defaults written out are no difference. Exit code 0: none; 1: some; 2: it cannot be told.',
        '',
        'Examples:',
        '  headgate diff -f clicks.json',
        '  headgate diff -f clicks.json || headgate apply -f clicks.json',
      ].join('\n'),
    )
    .action(async (options: Options) => {
      try {
        process.exitCode = await compareAll(options);
      } catch (error) {
        printProblem(error);
        const code = exitCodeOf(error);
        process.exitCode = code === exitCodes.failure ? cannotTell : code;
      }
    });
}

async function compareAll(options: Options): Promise<number> {
  const client = new ApiClient(options);
  const compared: Comparison[] = [];
  for (const file of options.file) compared.push(await compare(client, file));
  if (options.json) printJson(compared.length === 1 ? compared[0] : compared);
  else for (const one of compared) print(comparisonText(one));
  return compared.some((one) => !one.exists || one.differences.length > 0) ? differs : exitCodes.ok;
}

async function compare(client: ApiClient, file: string): Promise<Comparison> {
  const { spec, raw } = readSpec(file, readSpecFile(file));
  const shown = await runningSpec(client, spec.id);
  if (shown === null) return { id: spec.id, exists: false, differences: [], refused: [], notCompared: [] };
  const { spec: known, taken } = withKnownSecrets(nested(shown), nested(raw));
  const running = checkSupervisorSpec(known);
  // A spec without a taskCount keeps the one that runs, as when it is posted.
  const next = mergeTaskCount(JSON.stringify(raw), spec, running.kind === 'ok' ? running.spec : null);
  const differences = specDifferences(JSON.stringify(known), next.specText);
  if (running.kind !== 'ok' || differences === null)
    throw new HeadgateError(
      'SPEC_INVALID',
      `${spec.id}: the spec that runs cannot be read by this version of headgate; use the version of the server`,
    );
  const refused = checkSpecChange(running.spec, next.spec);
  return { id: spec.id, exists: true, differences, refused, notCompared: taken };
}

/** A GET has the sections twice, a file may have them without `spec`. */
function nested(raw: unknown): unknown {
  if (!isObject(raw)) return raw;
  const { dataSchema, ioConfig, tuningConfig, ...rest } = raw;
  return isObject(raw['spec']) ? rest : { ...rest, spec: { dataSchema, ioConfig, tuningConfig } };
}

function readSpec(file: string, text: string): { readonly spec: SupervisorSpec; readonly raw: unknown } {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new HeadgateError('SPEC_INVALID', `${file}: is no valid JSON (${(error as Error).message})`);
  }
  const parsed = checkSupervisorSpec(raw);
  if (parsed.kind === 'ok') return { spec: parsed.spec, raw };
  throw new HeadgateError('SPEC_INVALID', `${file}: ${describeProblems(parsed.problems)}`);
}

/** Null: there is none of this id. */
async function runningSpec(client: ApiClient, id: string): Promise<unknown> {
  try {
    return await client.get<unknown>(supervisorPath(id));
  } catch (error) {
    if (isHeadgateError(error) && error.code === 'SUPERVISOR_UNKNOWN') return null;
    throw error;
  }
}

function comparisonText(one: Comparison): string {
  const secrets =
    one.notCompared.length === 0
      ? []
      : [paintFaint(`not compared, for they are secret: ${one.notCompared.join(', ')}`)];
  return [...one.differences.flatMap(differenceLines), ...secrets, `${one.id}: ${verdict(one)}`].join('\n');
}

function differenceLines({ path, before, after, needs }: SpecDifference): string[] {
  const note = needs === 'tasks' ? 'needs new tasks' : 'needs no new tasks';
  const [gone, added] =
    Array.isArray(before) && Array.isArray(after) ? items(before, after) : [[before], [after]];
  return [
    `${paintTitle(path)} ${paintFaint(`(${note})`)}`,
    ...gone.filter((value) => value !== null).map((value) => `  - ${shown(value)}`),
    ...added.filter((value) => value !== null).map((value) => `  + ${shown(value)}`),
  ];
}

/** Of two long lists only what one of them has; both whole where they differ in order only. */
function items(before: readonly unknown[], after: readonly unknown[]): readonly [unknown[], unknown[]] {
  const missing = (from: readonly unknown[], others: readonly unknown[]): unknown[] => {
    const known = new Set(others.map((value) => JSON.stringify(value)));
    return from.filter((value) => !known.has(JSON.stringify(value)));
  };
  const [gone, added] = [missing(before, after), missing(after, before)];
  return gone.length + added.length === 0 ? [[before], [after]] : [gone, added];
}

function shown(value: unknown): string {
  return cutToWidth(printable(JSON.stringify(value)), valueWidth);
}

function verdict({ exists, differences, refused }: Comparison): string {
  if (!exists) return 'does not exist; `headgate apply` would create it';
  if (refused.length > 0) return `\`headgate apply\` would be refused. ${describeProblems(refused)}`;
  if (differences.length === 0) return 'no difference';
  const count = counted(differences.length, 'difference');
  return differences.some(({ needs }) => needs === 'tasks')
    ? `${count}; \`headgate apply\` takes effect as each task group rolls over, with \`--rollover now\` at once`
    : `${count}; \`headgate apply\` restarts nothing`;
}
