/** Rollovers as people think of them: one per generation, from the end of its reading to its publish. */
import type { StoryLine } from '../supervisor/story.ts';
import { entryOf, sentence } from './entry.ts';
import type { Entry } from './entry.ts';
import { clock, counted, grouped, span } from './moments.ts';

export type GenerationName = { readonly groupId: number; readonly generation: number };

type Generation = GenerationName & {
  readonly rollover: StoryLine | null;
  /** Oldest first. */
  readonly published: readonly StoryLine[];
  readonly discarded: readonly StoryLine[];
  readonly checkpoints: readonly StoryLine[];
};

/** So many generations get a line of their own; more are summed up, with the newest of each group. */
const toldMost = 3;

/** `lines` newest first. `unpublished`: what is known to wait for its publish still. */
export function rolloverStory(
  lines: readonly StoryLine[],
  nowMs: number,
  unpublished: readonly GenerationName[],
): Entry[] {
  const named = lines.filter((line) => line.groupId !== null && line.generation !== null);
  const nameless = lines.filter((line) => line.groupId === null || line.generation === null).map(entryOf);
  const generations = generationsOf(named);
  const isWaiting = (one: Generation): boolean =>
    unpublished.some((name) => name.groupId === one.groupId && name.generation === one.generation);
  // A discard is never summed up: rows were read in vain.
  const notable = generations.filter((one) => one.discarded.length > 0);
  const usual = generations.filter((one) => one.discarded.length === 0);
  const told = usual.length <= toldMost ? usual : newestOfEachGroup(usual);
  const entries = [...nameless, ...[...told, ...notable].map((one) => tell(one, nowMs, isWaiting(one)))].sort(
    (left, right) => right.atMs - left.atMs,
  );
  return usual.length <= toldMost ? entries : [summary(usual, told, nowMs), ...entries];
}

/** Newest first by the last thing that happened to them. */
function generationsOf(lines: readonly StoryLine[]): Generation[] {
  const byName = new Map<string, StoryLine[]>();
  for (const line of lines) {
    const name = `${line.groupId}/${line.generation}`;
    byName.set(name, [...(byName.get(name) ?? []), line]);
  }
  return [...byName.values()].map((own) => {
    const oldestFirst = own.toReversed();
    const ofKind = (kind: StoryLine['kind']) => oldestFirst.filter((line) => line.kind === kind);
    return {
      groupId: own[0]!.groupId!,
      generation: own[0]!.generation!,
      rollover: ofKind('rollover')[0] ?? null,
      published: ofKind('published'),
      discarded: ofKind('discarded'),
      checkpoints: ofKind('checkpoint'),
    };
  });
}

function newestOfEachGroup(generations: readonly Generation[]): Generation[] {
  const seen = new Set<number>();
  const newest = generations.filter(({ groupId }) => !seen.has(groupId) && seen.add(groupId));
  return newest.slice(0, toldMost + 1);
}

function summary(generations: readonly Generation[], told: readonly Generation[], nowMs: number): Entry {
  const lines = generations.flatMap(linesOf);
  const firstMs = Math.min(...lines.map((line) => line.atMs));
  const lastMs = Math.max(...lines.map((line) => line.atMs));
  const rollovers = generations.filter((one) => one.rollover !== null).length;
  const published = generations.flatMap((one) => one.published);
  const parts = [
    ...(rollovers > 0 ? [`rolled over ${times(rollovers)}`] : []),
    ...(published.length > 0 ? [`published ${times(published.length)}${amount(published)}`] : []),
  ];
  const what = parts.length > 0 ? parts.join(' and ') : counted(lines.length, 'checkpoint');
  return {
    atMs: lastMs,
    text: `${capital(what)} since ${clock(firstMs, nowMs)}.`,
    lines: lines.length - told.flatMap(linesOf).length,
  };
}

/** Rows are said only where every publish told them. */
function amount(published: readonly StoryLine[]): string {
  const rows = published.map((line) => line.details['rows']);
  if (!rows.every((value) => typeof value === 'number')) return '';
  return ` (${grouped(rows.reduce((sum, value) => sum + value, 0))} rows)`;
}

function tell(one: Generation, nowMs: number, isWaiting: boolean): Entry {
  const { rollover, published, discarded, checkpoints } = one;
  const lines = linesOf(one);
  const last = published.at(-1);
  const parts = [
    ...(rollover === null ? [] : [sentence(rollover.text)]),
    ...(rollover === null ? checkpoints.slice(-1).map((line) => sentence(line.text)) : []),
    ...(last === undefined ? [] : [publishedPart(last, rollover)]),
    ...(published.length > 1 ? [`It published ${times(published.length)}${amount(published)}.`] : []),
    ...discarded.map((line) => sentence(line.text)),
    ...(isWaiting && rollover !== null
      ? [`Not published yet, ${span(nowMs - rollover.atMs)} after it stopped reading.`]
      : []),
  ];
  return {
    atMs: Math.max(...lines.map((line) => line.atMs)),
    text: parts.join(' '),
    lines: lines.length,
  };
}

function publishedPart(published: StoryLine, rollover: StoryLine | null): string {
  // It may say so itself.
  const isSaid = published.details['tookMs'] !== undefined;
  const afterMs = rollover === null || isSaid ? -1 : published.atMs - rollover.atMs;
  return afterMs < 0
    ? sentence(published.text)
    : `${capital(span(afterMs))} later: ${sentence(published.text)}`;
}

function linesOf(one: Generation): StoryLine[] {
  const own = [...one.published, ...one.discarded, ...one.checkpoints];
  return one.rollover === null ? own : [one.rollover, ...own];
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${grouped(count)} times`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
