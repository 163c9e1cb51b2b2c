/** What can happen to a supervisor, as facts in the past tense. `evolve` answers every one of them. */
import type { Health } from './health.ts';
import type { ObservedError, Observation } from './observation.ts';
import type { InboxItem, WatchLearned } from './state.ts';

export type SupervisorEvent =
  /** A look came back; `health` and `learned` have the looks before it folded in. */
  | {
      readonly kind: 'looked';
      readonly observation: Observation;
      readonly health: Health;
      readonly learned?: WatchLearned | undefined;
    }
  /** The orders and reports at the head of the inbox were worked on. */
  | { readonly kind: 'inboxTaken'; readonly items: readonly InboxItem[] }
  | { readonly kind: 'partitionsSeeded'; readonly partitions: number }
  | { readonly kind: 'generationCreated'; readonly groupId: number; readonly generation: number }
  | {
      readonly kind: 'generationRefused';
      readonly groupId: number;
      readonly why: string;
      readonly atMs: number;
    }
  | { readonly kind: 'childEnsured'; readonly groupId: number; readonly generation: number }
  | { readonly kind: 'childGone'; readonly groupId: number; readonly generation: number }
  | {
      readonly kind: 'handOffAsked';
      readonly groupId: number;
      readonly generation: number;
      readonly atMs: number;
    }
  /** Every action of one run was performed; `errors` of those that failed. */
  | {
      readonly kind: 'runFinished';
      readonly errors: readonly ObservedError[];
      readonly actions: number;
      readonly atMs: number;
    };
