/** The end of a supervisor: only if its newest version is still a tombstone and nothing of it lives. */
import { liveGenerations } from '../../storage/generations.ts';
import { markTerminated, readSupervisor } from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { CompleteInput, CompleteResult } from './contract.ts';

export async function completeTermination(
  deps: ControlDeps,
  { supervisorId }: CompleteInput,
): Promise<CompleteResult> {
  const row = await readSupervisor(deps.pool, supervisorId);
  if (row && row.desired !== 'terminated') return { kind: 'goOn' };
  if ((await liveGenerations(deps.pool, supervisorId)).length > 0) return { kind: 'goOn' };
  // Marks only a tombstone: a spec posted meanwhile keeps the supervisor running.
  await markTerminated(deps.pool, supervisorId);
  const after = await readSupervisor(deps.pool, supervisorId);
  return { kind: after && after.desired !== 'terminated' ? 'goOn' : 'completed' };
}
