/** Inputs and answers of the activities a supervisor workflow calls. Each is one object of plain JSON. */
import type { Json } from '../../domain/json.ts';
import type { Verb } from '../../domain/supervisor/commands.ts';
import type { Health } from '../../domain/supervisor/health.ts';
import type { Observation, ScaleWish } from '../../domain/supervisor/observation.ts';
import type { Known, WatchLearned } from '../../domain/supervisor/state.ts';
import type { SupervisorStatus } from '../../domain/supervisor/status.ts';

export type StoreSpecInput = { readonly spec: Json; readonly workflowId: string };
export type StoreSpecResult = {
  readonly supervisorId: string;
  readonly specVersion: number;
  readonly dataSource: string;
};

export type WatchInput = {
  readonly supervisorId: string;
  readonly known: Known;
  readonly health: Health;
  /** Written to Postgres at once, and again with the time of every look. */
  readonly status: SupervisorStatus;
};
export type WatchResult = {
  readonly observation: Observation;
  readonly health: Health;
  /** What the looks of this call have taught, a fall of the commit sequence included; absent in old histories. */
  readonly learned?: WatchLearned;
  /** Looks taken since the call began. */
  readonly looks: number;
};

export type SeedPartitionsInput = { readonly supervisorId: string };
export type SeedPartitionsResult = { readonly seeded: number };

export type CreateGenerationsInput = {
  readonly supervisorId: string;
  readonly groups: readonly { readonly groupId: number; readonly expectedGeneration: number }[];
};
export type CreatedGeneration =
  | { readonly kind: 'created'; readonly groupId: number; readonly generation: number }
  | { readonly kind: 'refused'; readonly groupId: number; readonly why: string };
export type CreateGenerationsResult = { readonly generations: readonly CreatedGeneration[] };

export type ApplyCommandInput = {
  readonly supervisorId: string;
  readonly commandId: string;
  readonly verb: Verb;
  readonly by: string;
  /** Set: only record that it was refused. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  /** What the verb's reader made of it (`domain/supervisor/commands.ts`); absent in old histories. */
  readonly input?: { readonly [key: string]: Json };
};
export type ApplyCommandResult = { readonly kind: 'done' | 'refused'; readonly outcome: CommandOutcome };

/** What became of an order: a sentence, and what a program wants to know. */
export type CommandOutcome = { readonly summary: string; readonly [key: string]: Json };

/** Another number of groups, decided by the autoscaler. */
export type ScaleInput = ScaleWish & { readonly supervisorId: string; readonly by: string };
export type ResetLostInput = { readonly supervisorId: string };

export type HaltInput = { readonly supervisorId: string; readonly why: string };

export type CompleteInput = { readonly supervisorId: string };
/** `goOn`: a newer version is a spec again, or a generation lives after all. */
export type CompleteResult = { readonly kind: 'completed' | 'goOn' };

/** What `supervisorWorkflow` calls; tests give it mocks of this shape. */
export type SupervisorActivities = {
  storeSpec(input: StoreSpecInput): Promise<StoreSpecResult>;
  watch(input: WatchInput): Promise<WatchResult>;
  seedPartitions(input: SeedPartitionsInput): Promise<SeedPartitionsResult>;
  createGenerations(input: CreateGenerationsInput): Promise<CreateGenerationsResult>;
  applyCommand(input: ApplyCommandInput): Promise<ApplyCommandResult>;
  scaleSupervisor(input: ScaleInput): Promise<void>;
  resetLost(input: ResetLostInput): Promise<void>;
  haltSupervisor(input: HaltInput): Promise<void>;
  completeTermination(input: CompleteInput): Promise<CompleteResult>;
};
