/**
 * The invariants of protocol.md 8 that are SQL. A violation stops publishing for the supervisors it names, in the same
 * call; here it is only said aloud. Never repaired in silence.
 */
import { checkInvariants } from '../../storage/invariants.ts';
import type { ControlDeps } from '../control-deps.ts';

/** Rounds look at the newest history; the first one of every call at all of it. */
const recentMs = 60 * 60 * 1000;

export async function checkAll(deps: ControlDeps, isFirst: boolean): Promise<string[]> {
  const checks = await checkInvariants(deps.pool, isFirst ? {} : { recentMs });
  const violated = checks.filter((check) => !check.ok);
  for (const { id, detail, supervisorIds } of violated)
    deps.log('error', `invariant ${id} does not hold: publishing is stopped`, { detail, supervisorIds });
  return violated.map((check) => `${check.id}: ${check.detail}`);
}
