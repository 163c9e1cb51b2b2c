/** Which kinds of lines make up which story, in the order in which a tired person needs them. */
import { storyKinds } from '../supervisor/story.ts';
import type { StoryKind } from '../supervisor/story.ts';

export const chapterNames = [
  'positions',
  'failures',
  'workers',
  'scaling',
  'rollovers',
  'spec',
  'orders',
  'state',
] as const;
export type ChapterName = (typeof chapterNames)[number];

type ChapterFacts = {
  readonly title: string;
  /** What the word means, for whoever meets it for the first time. */
  readonly gloss: string;
  /** So many lines that say the same but for numbers become one. */
  readonly foldFrom: number;
  /** Entries shown; the rest is counted. */
  readonly shownMost: number;
};

export const chapters = {
  positions: {
    title: 'Offsets',
    gloss: 'records that were gone before they were read, resets, and what was skipped',
    foldFrom: 4,
    shownMost: 8,
  },
  failures: {
    title: 'Failed tasks',
    gloss: 'a task failed for good and was replaced; nothing unpublished is lost, it is read again',
    foldFrom: 3,
    shownMost: 5,
  },
  workers: {
    title: 'Lost workers',
    gloss:
      'the process of a task died, hung or was stopped; its next attempt went on from the last checkpoint',
    foldFrom: 4,
    shownMost: 5,
  },
  scaling: {
    title: 'Scaling',
    gloss: 'over how many task groups the partitions are spread (taskCount), and why',
    foldFrom: 2,
    shownMost: 6,
  },
  rollovers: {
    title: 'Rollovers',
    gloss: 'a group stops reading and publishes what it has read, the next generation reads on',
    foldFrom: 3,
    shownMost: 6,
  },
  spec: { title: 'Spec', gloss: 'what was posted, and when it took effect', foldFrom: 3, shownMost: 5 },
  orders: { title: 'Orders', gloss: 'what people or programs asked for', foldFrom: 3, shownMost: 5 },
  state: { title: 'States', gloss: 'when it became healthy or unhealthy', foldFrom: 3, shownMost: 5 },
} as const satisfies Record<ChapterName, ChapterFacts>;

const chapterOfKind = {
  trouble: 'positions',
  troubleOver: 'positions',
  reset: 'positions',
  gap: 'positions',
  taskFailed: 'failures',
  halted: 'failures',
  taskLost: 'workers',
  scaled: 'scaling',
  scaleSkipped: 'scaling',
  rollover: 'rollovers',
  checkpoint: 'rollovers',
  published: 'rollovers',
  discarded: 'rollovers',
  spec: 'spec',
  order: 'orders',
  state: 'state',
} as const satisfies Record<StoryKind, ChapterName>;

export function chapterOf(kind: StoryKind): ChapterName {
  return chapterOfKind[kind];
}

/** `--kind`: a kind, or a whole chapter. Null: neither. */
export function kindsNamed(word: string): readonly StoryKind[] | null {
  const kind = storyKinds.find((known) => known.toLowerCase() === word.toLowerCase());
  if (kind !== undefined) return [kind];
  const chapter = chapterNames.find((known) => known === word.toLowerCase());
  return chapter === undefined ? null : storyKinds.filter((known) => chapterOfKind[known] === chapter);
}
