/**
 * Reports of a group to its supervisor, in order, each repeated until it is heard. The supervisor may be between two
 * lives or terminated; Postgres holds the same facts, so giving up after a quarter of an hour loses nothing.
 */
import { getExternalWorkflowHandle, isCancellation, log, sleep } from '@temporalio/workflow';
import type { GenerationKey } from '../domain/ids.ts';
import { supervisorWorkflowId, taskGroupReportedSignal } from './contract.ts';
import type { TaskGroupReport } from './contract.ts';

const mostTries = 20;
const mostPauseMs = 60_000;
const detailLimit = 300;

export class Reports {
  readonly #key: GenerationKey;
  #last: Promise<void> = Promise.resolve();

  constructor(key: GenerationKey) {
    this.#key = key;
  }

  send(kind: TaskGroupReport['kind'], detail: string, counted = false): void {
    const { supervisorId, groupId, generation } = this.#key;
    const report: TaskGroupReport = {
      groupId,
      generation,
      kind,
      detail: detail.slice(0, detailLimit),
      counted,
      atMs: Date.now(),
    };
    this.#last = this.#last.then(() => deliver(supervisorId, report));
  }

  allSent(): Promise<void> {
    return this.#last;
  }
}

async function deliver(supervisorId: string, report: TaskGroupReport): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await getExternalWorkflowHandle(supervisorWorkflowId(supervisorId)).signal(
        taskGroupReportedSignal,
        report,
      );
    } catch (error) {
      if (isCancellation(error) || tries >= mostTries)
        return log.warn('the supervisor did not hear a report', { report });
      await sleep(Math.min(mostPauseMs, 1_000 * 2 ** (tries - 1)), {
        summary: 'the supervisor does not listen now',
      });
    }
  }
}
