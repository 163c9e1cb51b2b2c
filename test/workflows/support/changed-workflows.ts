/** The workflows with a change that no patch guards: one more activity at the start. For the test that replay notices. */
import { proxyActivities } from '@temporalio/workflow';
import type { SupervisorInput, TaskGroupInput, TaskGroupResult } from '../../../workflows/contract.ts';
import { supervisorWorkflow as supervisor } from '../../../workflows/supervisor.ts';
import { taskGroupWorkflow as taskGroup } from '../../../workflows/task-group.ts';

const { newStep } = proxyActivities<{ newStep(): Promise<void> }>({ startToCloseTimeout: '1s' });

export async function supervisorWorkflow(input: SupervisorInput): Promise<string> {
  await newStep();
  return supervisor(input);
}

export async function taskGroupWorkflow(input: TaskGroupInput): Promise<TaskGroupResult> {
  await newStep();
  return taskGroup(input);
}
