/** Every activity of the control workers, composed from its groups; the ingest worker has its own, `ingest`. */
import { attended } from './attend.ts';
import type { ControlDeps } from './control-deps.ts';
import { housekeep } from './housekeeping/housekeep.ts';
import type { HousekeepingActivities } from './housekeeping/contract.ts';
import { applyCommand } from './supervisor/apply-command.ts';
import { completeTermination } from './supervisor/complete-termination.ts';
import { createGenerations } from './supervisor/create-generations.ts';
import { haltSupervisor } from './supervisor/halt-supervisor.ts';
import { resetLost } from './supervisor/reset-lost.ts';
import { scaleSupervisor } from './supervisor/scale-supervisor.ts';
import { seedPartitions } from './supervisor/seed-partitions.ts';
import { storeSpec } from './supervisor/store-spec.ts';
import type { SupervisorActivities } from './supervisor/contract.ts';
import { watch } from './supervisor/watch.ts';
import { awaitPredecessor } from './task-group/await-predecessor.ts';
import { checkpointGroup } from './task-group/checkpoint-group.ts';
import { discardGroup, finishGroup, replaceFailedTask } from './task-group/end-group.ts';
import { prepareGroup } from './task-group/prepare-group.ts';
import { groupStanding } from './task-group/standing.ts';
import type { TaskGroupActivities } from './task-group/contract.ts';

export type ControlActivities = SupervisorActivities & TaskGroupActivities & HousekeepingActivities;

export function createControlActivities(deps: ControlDeps): ControlActivities {
  return attended({
    storeSpec: (input) => storeSpec(deps, input),
    watch: (input) => watch(deps, input),
    seedPartitions: (input) => seedPartitions(deps, input),
    createGenerations: (input) => createGenerations(deps, input),
    applyCommand: (input) => applyCommand(deps, input),
    scaleSupervisor: async (input) => void (await scaleSupervisor(deps, input)),
    resetLost: (input) => resetLost(deps, input),
    haltSupervisor: (input) => haltSupervisor(deps, input),
    completeTermination: (input) => completeTermination(deps, input),
    prepareGroup: (input) => prepareGroup(deps, input),
    checkpointGroup: (input) => checkpointGroup(deps, input),
    awaitPredecessor: (input) => awaitPredecessor(deps, input),
    replaceFailedTask: (input) => replaceFailedTask(deps, input),
    groupStanding: (input) => groupStanding(deps, input),
    discardGroup: (input) => discardGroup(deps, input),
    finishGroup: (input) => finishGroup(deps, input),
    housekeep: (input) => housekeep(deps, input),
  } satisfies ControlActivities);
}
