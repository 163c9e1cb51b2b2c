/**
 * What is told of a supervisor afterwards: one line for each decision and accident, in plain words, with the numbers
 * behind it. `headgate explain` and the console read them; nothing is decided from them.
 */
import type { Json, Satisfies } from '../json.ts';

/** Wire names, never renamed. */
export const storyKinds = [
  /** A new spec version, suspend, resume, terminate: what it needs and when it takes effect. */
  'spec',
  /** The state changed: from what to what, and why. */
  'state',
  /** The autoscaler, or an operator, changed taskCount; or the autoscaler would have, and why it did not. */
  'scaled',
  'scaleSkipped',
  /** A group stopped reading: why, and its ends. */
  'rollover',
  'checkpoint',
  'published',
  'discarded',
  /** An attempt of a task was lost with its worker, and where the next one went on. */
  'taskLost',
  /** A task failed for good, and what replaced it. */
  'taskFailed',
  /** Offsets gone, topic re-created, positions beyond the log; and its end. */
  'trouble',
  'troubleOver',
  'reset',
  'gap',
  /** An order that is none of the above: what was asked, by whom, what became of it. */
  'order',
  'halted',
] as const;
export type StoryKind = (typeof storyKinds)[number];

export type StoryLine = Satisfies<{
  readonly eventId: string;
  readonly supervisorId: string;
  readonly atMs: number;
  readonly kind: StoryKind;
  readonly groupId: number | null;
  readonly generation: number | null;
  readonly taskId: string | null;
  readonly text: string;
  readonly details: { readonly [key: string]: Json };
}>;
