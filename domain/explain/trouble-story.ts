/** Offsets that were gone, from the moment it was noticed to its end, and what was reset or skipped because of it. */
import type { StoryLine } from '../supervisor/story.ts';
import { folded, sentence } from './entry.ts';
import type { Entry, FoldOptions } from './entry.ts';
import { clock, span } from './moments.ts';

/** `lines` newest first. A trouble, however often it was told, and its end are one paragraph. */
export function troubleStory(lines: readonly StoryLine[], options: FoldOptions): Entry[] {
  const used = new Set<StoryLine>();
  // The oldest end takes its beginnings first; what is left belongs to a later one.
  const ends = lines.filter((line) => line.kind === 'troubleOver').toReversed();
  const paired = ends.flatMap((over): Entry[] => {
    const begun = lines.filter((line) => !used.has(line) && isBeginningOf(line, over));
    if (begun.length === 0) return [];
    for (const line of [...begun, over]) used.add(line);
    return [tellWhole(begun, over, options.nowMs)];
  });
  const rest = folded(
    lines.filter((line) => !used.has(line)),
    options,
  );
  return [...rest, ...paired].sort((left, right) => right.atMs - left.atMs);
}

function tellWhole(begun: readonly StoryLine[], over: StoryLine, nowMs: number): Entry {
  const firstMs = begun.at(-1)!.atMs;
  const what = begun[0]!.text;
  // An end that only repeats what is over says nothing new.
  const end = over.text.includes(what) ? 'That is over.' : `Over: ${sentence(over.text)}`;
  return {
    atMs: over.atMs,
    text: `From ${clock(firstMs, nowMs)} for ${span(over.atMs - firstMs)}: ${sentence(what)} ${end}`,
    lines: begun.length + 1,
  };
}

function isBeginningOf(line: StoryLine, over: StoryLine): boolean {
  if (line.kind !== 'trouble' || line.atMs > over.atMs) return false;
  return (
    agree(line.groupId ?? undefined, over.groupId ?? undefined) &&
    (['key', 'code', 'partition'] as const).every((name) => agree(line.details[name], over.details[name]))
  );
}

/** What one of them does not say does not tell them apart. */
function agree(left: unknown, right: unknown): boolean {
  return left === undefined || right === undefined || left === right;
}
