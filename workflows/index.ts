/** The one file the bundler loads; names every workflow type. */
export { housekeepingWorkflow } from './housekeeping.ts';
export { supervisorWorkflow } from './supervisor.ts';
export { taskGroupWorkflow } from './task-group.ts';
