/** What an autoscaler is told at each look, and what it answers. */
import type { Satisfies } from '../json.ts';

/** Of the tasks that read, each counted alike. */
export type TaskMetrics = {
  /** Share of time that reading waits for records, 0 to 1; null: no task has said. */
  readonly pollIdleRatio: number | null;
  /** Rows per second of one task; null: no task has said. */
  readonly rowsPerSecond: number | null;
  readonly taskDurationSeconds: number;
};

export type AutoscalerFacts = {
  readonly nowMs: number;
  /** As configured, not the number of groups that run. */
  readonly taskCount: number;
  /** Of the stream. */
  readonly partitions: number;
  /** Records behind, per partition; null: not known of every one, hence no sample (design 9). */
  readonly lag: Readonly<Record<string, number>> | null;
  readonly suspended: boolean;
  /** The supervisor's state is IDLE. */
  readonly idle: boolean;
  /** Generations that are read and not yet published. */
  readonly publishingGroups: number;
  /** Groups have just stopped because of taskDuration. */
  readonly rollover: boolean;
  /** Only costBased asks for them; null: not collected, or unusable. */
  readonly metrics: TaskMetrics | null;
};

/** Why a wish was not followed. */
export const skipCodes = [
  'failedToCompute',
  'lagUnknown',
  'alreadyAtMax',
  'alreadyAtMin',
  'publishing',
  'cooldown',
  'rolloverOnly',
] as const;
export type SkipCode = (typeof skipCodes)[number];

/** `none`: all is well, or the autoscaler is not asked now; nobody needs to hear of it. */
export type Decision = Satisfies<
  | { readonly kind: 'none'; readonly reason: string }
  | {
      readonly kind: 'skip';
      readonly code: SkipCode;
      /** Before the bounds were applied; null: it could not be computed. */
      readonly desired: number | null;
      readonly reason: string;
    }
  | {
      readonly kind: 'scale';
      readonly taskCount: number;
      /** The evidence alone; `reason` is the whole sentence. */
      readonly because: string;
      readonly reason: string;
    }
>;

/** What a strategy wants and how it came to that, in words; `desired` below 1: it could not be computed. */
export type Wish = {
  readonly desired: number;
  readonly because: string;
  /** Set: this wish must wait, whatever the general rules say. */
  readonly waits?: SkipCode;
};

/** More groups than partitions read nothing: what taskCount amounts to. */
export function effectiveTaskCount(facts: Pick<AutoscalerFacts, 'taskCount' | 'partitions'>): number {
  return Math.min(facts.taskCount, facts.partitions);
}
