/** `headgate explain <id>`: why a supervisor is as it is, and what happened to it, in plain words. */
import type { Command } from 'commander';
import { HeadgateError, isHeadgateError } from '../../domain/errors.ts';
import { chapterNames, kindsNamed } from '../../domain/explain/chapters.ts';
import { narrate } from '../../domain/explain/narrative.ts';
import type { NarrativeInput } from '../../domain/explain/narrative.ts';
import { narrativeText } from '../../domain/explain/narrative-text.ts';
import { storyKinds } from '../../domain/supervisor/story.ts';
import type { StoryLine } from '../../domain/supervisor/story.ts';
import { autoscalerLine } from '../autoscaler-line.ts';
import { ApiClient, clientCommand, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { momentForms, readMoment } from '../moment.ts';
import { paintFaint, paintState, paintTitle, print, say } from '../output.ts';
import { printable } from '../sql/display-width.ts';

type Options = ClientOptions & {
  readonly since?: string;
  readonly kind?: readonly string[];
  readonly all?: boolean;
};

/** As many as the server gives at once. */
const linesMost = 2_000;
const usualLines = 500;

type Explained = {
  readonly lines: readonly StoryLine[];
  readonly truncated?: boolean;
  readonly autoscaler?: unknown;
};

type Status = {
  readonly payload: {
    readonly detailedState: string;
    readonly healthy: boolean;
    readonly suspended: boolean;
    readonly aggregateLag?: number;
    readonly headgate: {
      readonly reason: string;
      readonly remedy: string | null;
      readonly asOf: string | null;
      readonly groups: readonly {
        readonly groupId: number;
        readonly generation: number;
        readonly state: string;
      }[];
    };
  };
};

export function register(program: Command): void {
  clientCommand(program, 'explain', 'tell why a supervisor is as it is, and what happened to it')
    .argument('<id>', 'supervisor, also one that is terminated')
    .option('--since <time>', 'nothing older, such as 2h, 3d or 2026-11-21T09:00:00Z')
    .option('--kind <names...>', `only these: ${chapterNames.join(', ')}; or ${storyKinds.join(', ')}`)
    .option('--all', 'every line by itself, nothing summed up or left out')
    .addHelpText(
      'after',
      [
        '',
        'State, reason and remedy come first; then what happened, newest first, by topic: offsets that were gone, failed',
        'tasks, lost workers, scaling, rollovers, spec changes, orders. Times are UTC.',
        '',
        'Examples:',
        '  headgate explain clicks',
        '  headgate explain clicks --since 2h --kind scaling',
        '  headgate explain clicks --kind taskLost taskFailed --all',
      ].join('\n'),
    )
    .action((id: string, options: Options) => explain(id, options));
}

async function explain(id: string, options: Options): Promise<void> {
  const client = new ApiClient(options);
  const text = await client.text('GET', pathOf(id, options));
  if (options.json) return print(text);
  const explained = JSON.parse(text) as Explained;
  const status = await statusOf(client, id);
  const scaler = autoscalerLine(explained.autoscaler);
  const narrative = narrate(
    {
      supervisorId: id,
      nowMs: Date.now(),
      status,
      autoscaler: scaler === null ? null : [scaler],
      lines: explained.lines.map((line) => ({ ...line, text: plain(line.text) })),
    },
    { all: options.all === true },
  );
  const paint = { title: paintTitle, faint: paintFaint, state: paintState };
  print(narrativeText(narrative, { width: process.stdout.columns ?? 100, paint }));
  if (explained.truncated)
    say(`Only the newest ${explained.lines.length} lines; --since and --kind choose others.`);
}

function pathOf(id: string, options: Options): string {
  const query = new URLSearchParams({ limit: String(options.all ? linesMost : usualLines) });
  if (options.since !== undefined) {
    const sinceMs = readMoment(options.since, Date.now());
    if (sinceMs === null)
      throw new HeadgateError(
        'CONFIG_INVALID',
        `explain: --since: found ${JSON.stringify(options.since)}, expected ${momentForms}`,
      );
    query.set('since', new Date(sinceMs).toISOString());
  }
  const kinds = (options.kind ?? []).flatMap((word) => word.split(',')).flatMap(kindsOf);
  if (kinds.length > 0) query.set('kind', [...new Set(kinds)].join(','));
  return `${supervisorPath(id, 'explain')}?${query.toString()}`;
}

function kindsOf(word: string): readonly string[] {
  const kinds = kindsNamed(word.trim());
  if (kinds === null)
    throw new HeadgateError(
      'CONFIG_INVALID',
      `explain: --kind: found ${JSON.stringify(word)}, expected ${chapterNames.join(', ')}, or ${storyKinds.join(', ')}`,
    );
  return kinds;
}

/** Null: a terminated supervisor has a story and no state. */
async function statusOf(client: ApiClient, id: string): Promise<NarrativeInput['status']> {
  try {
    const { payload } = await client.get<Status>(supervisorPath(id, 'status'));
    const { headgate } = payload;
    return {
      detailedState: payload.detailedState,
      healthy: payload.healthy,
      suspended: payload.suspended,
      reason: plain(headgate.reason),
      remedy: headgate.remedy === null ? null : plain(headgate.remedy),
      asOfMs: headgate.asOf === null ? null : Date.parse(headgate.asOf),
      lag: payload.aggregateLag ?? null,
      publishing: headgate.groups.filter((group) => group.state === 'publishing'),
    };
  } catch (error) {
    if (isHeadgateError(error) && error.code === 'SUPERVISOR_UNKNOWN') return null;
    throw error;
  }
}

/** Error messages of others are in it: nothing in them may move the cursor. */
function plain(text: string): string {
  return printable(text.replace(/\s+/g, ' '));
}
