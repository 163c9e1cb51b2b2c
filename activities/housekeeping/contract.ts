/** The one long activity of the housekeeping workflow. */
import type { HousekeepingInput } from '../../workflows/contract.ts';

export type HousekeepingResult = {
  readonly rounds: number;
  readonly restarted: number;
  readonly reaped: number;
  readonly violations: readonly string[];
};

export type HousekeepingActivities = {
  housekeep(input: HousekeepingInput): Promise<HousekeepingResult>;
};
