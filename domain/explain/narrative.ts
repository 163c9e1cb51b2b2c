/**
 * Why a supervisor is as it is: state, reason and remedy first, then the stories of what happened, newest first.
 *
 * Built from what is written down already (status, story lines, the autoscaler's memory); it decides nothing and says
 * nothing that is not there. What repeats is told once, with its count.
 */
import type { StoryLine } from '../supervisor/story.ts';
import { chapterNames, chapterOf, chapters } from './chapters.ts';
import type { ChapterName } from './chapters.ts';
import { entryOf, folded } from './entry.ts';
import type { Entry } from './entry.ts';
import { rolloverStory } from './rollover-story.ts';
import type { GenerationName } from './rollover-story.ts';
import { troubleStory } from './trouble-story.ts';

export type NarrativeInput = {
  readonly supervisorId: string;
  readonly nowMs: number;
  /** Null: it is terminated. */
  readonly status: {
    readonly detailedState: string;
    readonly healthy: boolean;
    readonly suspended: boolean;
    readonly reason: string;
    readonly remedy: string | null;
    readonly asOfMs: number | null;
    /** Records; null: unknown. */
    readonly lag: number | null;
    /** Generations that stopped reading and are not published. */
    readonly publishing: readonly GenerationName[];
  } | null;
  /** What the autoscaler thinks now, in sentences; null: there is none. */
  readonly autoscaler: readonly string[] | null;
  readonly lines: readonly StoryLine[];
};

export type Chapter = {
  readonly name: ChapterName;
  readonly title: string;
  readonly gloss: string;
  readonly entries: readonly Entry[];
  /** Lines that were left out for brevity. */
  readonly leftOut: number;
};

export type Narrative = {
  readonly supervisorId: string;
  readonly nowMs: number;
  readonly status: NarrativeInput['status'];
  /** Since when it is in its state; null: before what is remembered. */
  readonly stateSinceMs: number | null;
  readonly autoscaler: readonly string[] | null;
  /** The oldest line told; null: nothing to tell. */
  readonly sinceMs: number | null;
  readonly chapters: readonly Chapter[];
};

/** `all`: every line by itself, nothing folded or left out. */
export function narrate(input: NarrativeInput, options: { readonly all?: boolean } = {}): Narrative {
  const lines = newestFirst(input.lines);
  return {
    supervisorId: input.supervisorId,
    nowMs: input.nowMs,
    status: input.status,
    stateSinceMs: lines.find((line) => line.kind === 'state')?.atMs ?? null,
    autoscaler: input.autoscaler,
    sinceMs: lines.at(-1)?.atMs ?? null,
    chapters: chapterNames.flatMap((name) => {
      const own = lines.filter((line) => chapterOf(line.kind) === name);
      return own.length === 0 ? [] : [chapterFrom(name, own, input, options.all === true)];
    }),
  };
}

export function newestFirst(lines: readonly StoryLine[]): StoryLine[] {
  const isNewer = (left: StoryLine, right: StoryLine) => {
    const [one, other] = [BigInt(left.eventId), BigInt(right.eventId)];
    return right.atMs - left.atMs || (other > one ? 1 : other < one ? -1 : 0);
  };
  return [...lines].sort(isNewer);
}

function chapterFrom(
  name: ChapterName,
  lines: readonly StoryLine[],
  input: NarrativeInput,
  all: boolean,
): Chapter {
  const { title, gloss, foldFrom, shownMost } = chapters[name];
  const entries = all ? lines.map(entryOf) : entriesOf(name, lines, input, foldFrom);
  const shown = all ? entries : entries.slice(0, shownMost);
  const leftOut = entries.slice(shown.length).reduce((sum, entry) => sum + entry.lines, 0);
  return { name, title, gloss, entries: shown, leftOut };
}

function entriesOf(
  name: ChapterName,
  lines: readonly StoryLine[],
  { nowMs, status }: NarrativeInput,
  foldFrom: number,
): Entry[] {
  if (name === 'rollovers') return rolloverStory(lines, nowMs, status?.publishing ?? []);
  if (name === 'positions') return troubleStory(lines, { foldFrom, nowMs });
  if (name === 'scaling') return scalingStory(lines, { foldFrom, nowMs });
  return folded(lines, { foldFrom, nowMs });
}

/** What was done is told each time; what was not done only once for each reason. */
function scalingStory(
  lines: readonly StoryLine[],
  options: { readonly foldFrom: number; readonly nowMs: number },
): Entry[] {
  const done = lines.filter((line) => line.kind === 'scaled').map(entryOf);
  const skipped = folded(
    lines.filter((line) => line.kind === 'scaleSkipped'),
    options,
  );
  return [...done, ...skipped].sort((left, right) => right.atMs - left.atMs);
}
