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
import { logAbout, withLog } from './work-log.ts';
import { awaitPredecessor } from './task-group/await-predecessor.ts';
import { checkpointGroup } from './task-group/checkpoint-group.ts';
import { discardGroup, finishGroup, replaceFailedTask } from './task-group/end-group.ts';
import { prepareGroup } from './task-group/prepare-group.ts';
import { groupStanding } from './task-group/standing.ts';
import type { TaskGroupActivities } from './task-group/contract.ts';

export type ControlActivities = SupervisorActivities & TaskGroupActivities & HousekeepingActivities;

export function createControlActivities(deps: ControlDeps): ControlActivities {
  const about = (input: unknown): ControlDeps => ({ ...deps, log: logAbout(deps.log, input) });
  const activities: ControlActivities = {
    storeSpec: (input) => storeSpec(about(input), input),
    watch: (input) => watch(about(input), input),
    seedPartitions: (input) => seedPartitions(about(input), input),
    createGenerations: (input) => createGenerations(about(input), input),
    applyCommand: (input) => applyCommand(about(input), input),
    scaleSupervisor: async (input) => void (await scaleSupervisor(about(input), input)),
    resetLost: (input) => resetLost(about(input), input),
    haltSupervisor: (input) => haltSupervisor(about(input), input),
    completeTermination: (input) => completeTermination(about(input), input),
    prepareGroup: (input) => prepareGroup(about(input), input),
    checkpointGroup: (input) => checkpointGroup(about(input), input),
    awaitPredecessor: (input) => awaitPredecessor(about(input), input),
    replaceFailedTask: (input) => replaceFailedTask(about(input), input),
    groupStanding: (input) => groupStanding(about(input), input),
    discardGroup: (input) => discardGroup(about(input), input),
    finishGroup: (input) => finishGroup(about(input), input),
    housekeep: (input) => housekeep(about(input), input),
  };
  return attended(withLog(activities, deps.log));
}
