/** One paragraph of a story, and how many that say the same become one. */
import type { StoryLine } from '../supervisor/story.ts';
import { clock } from './moments.ts';

export type Entry = {
  /** The newest moment it tells of. */
  readonly atMs: number;
  readonly text: string;
  /** How many lines it stands for. */
  readonly lines: number;
};

export type FoldOptions = { readonly foldFrom: number; readonly nowMs: number };

/** Newest first; `lines` too. Lines that differ only in numbers and ids are told once, with their count. */
export function folded(lines: readonly StoryLine[], { foldFrom, nowMs }: FoldOptions): Entry[] {
  const alike = new Map<string, StoryLine[]>();
  for (const line of lines) {
    const pattern = patternOf(line);
    alike.set(pattern, [...(alike.get(pattern) ?? []), line]);
  }
  const entries = [...alike.values()].flatMap((same) =>
    same.length < foldFrom ? same.map(entryOf) : [foldedEntry(same, nowMs)],
  );
  return entries.sort((left, right) => right.atMs - left.atMs);
}

export function entryOf(line: StoryLine): Entry {
  return { atMs: line.atMs, text: sentence(line.text), lines: 1 };
}

function foldedEntry(same: readonly StoryLine[], nowMs: number): Entry {
  const newest = same[0]!;
  const firstMs = same.at(-1)!.atMs;
  return {
    atMs: newest.atMs,
    text: `${same.length} times since ${clock(firstMs, nowMs)}, the last: ${sentence(newest.text)}`,
    lines: same.length,
  };
}

/** Words with a digit in them (offsets, times, workers) and task ids do not tell two accidents apart. */
function patternOf(line: StoryLine): string {
  const text = line.text.replace(/\S*_[a-z]{8}\b/g, '#').replace(/\S*\d\S*/g, '#');
  return `${line.kind} ${text}`;
}

/** One line, with a stop: texts are joined to paragraphs. A line break in it came with somebody's error message. */
export function sentence(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat === '' || /[.!?…]["')]*$/.test(flat) ? flat : `${flat}.`;
}
