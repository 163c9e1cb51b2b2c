/**
 * What must hold after every step, in production too. A violation is a plain error on purpose: Temporal then retries
 * the workflow task, nothing is published, and a fixed deployment resumes the same execution.
 */
import { assert } from '../assert.ts';
import { processedLimit } from './commands.ts';
import type { Action } from './plan.ts';
import type { SupervisorState } from './state.ts';

export function assertInvariants(state: SupervisorState): void {
  const { known, processed, health } = state;
  const name = `supervisor ${known.supervisorId}`;
  assert(processed.length <= processedLimit, `S1 ${name}: ${processed.length} processed commands are kept`);
  assert(new Set(processed).size === processed.length, `S2 ${name}: a command was processed twice`);
  assert(health.errors.length <= 3, `S3 ${name}: ${health.errors.length} recent errors are kept`);
  assert(
    health.successRuns === 0 || health.failedRuns === 0,
    `S4 ${name}: runs both succeed and fail in a row`,
  );
  assert(isUnique(known.children), `S5 ${name}: a generation is known twice`);
  assert(isUnique(known.handOffs), `S6 ${name}: a hand-off is recorded twice`);
}

/** What a plan may never contain. */
export function assertPlan(state: SupervisorState, actions: readonly Action[]): void {
  const { desired, supervisorId } = state.known;
  const creates = actions.some(
    (action) => action.kind === 'createGenerations' || action.kind === 'seedPartitions',
  );
  assert(
    desired === 'running' || !creates,
    `S7 supervisor ${supervisorId}: ${desired}, yet reading is planned`,
  );
  const completes = actions.some((action) => action.kind === 'complete');
  assert(!completes || actions.length === 1, `S8 supervisor ${supervisorId}: completes while it acts`);
  const created = actions.flatMap((action) => (action.kind === 'createGenerations' ? action.groups : []));
  assert(
    new Set(created.map((group) => group.groupId)).size === created.length,
    `S9 supervisor ${supervisorId}: two generations of one group in one plan`,
  );
}

function isUnique(refs: readonly { readonly groupId: number; readonly generation: number }[]): boolean {
  return new Set(refs.map((ref) => `${ref.groupId}/${ref.generation}`)).size === refs.length;
}
