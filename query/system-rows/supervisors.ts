/** Supervisors that are not terminated, with their newest state and their spec, secrets masked. */
import { renderSpec } from '../../domain/spec/render-spec.ts';
import type { SupervisorRow } from '../../storage/supervisors.ts';
import { specOf } from './segments.ts';
import type { SystemDeps, SystemRow } from './world.ts';

export async function supervisorRows({ store }: Pick<SystemDeps, 'store'>): Promise<SystemRow[]> {
  const rows = await store.supervisors();
  return rows.filter((row) => row.desired !== 'terminated').map(supervisorRow);
}

/** Before its workflow wrote anything a supervisor is PENDING; the workflow of a halted one may not be running. */
function supervisorRow(row: SupervisorRow): SystemRow {
  const halted = row.halted === null ? null : 'UNHEALTHY_SUPERVISOR';
  const isHealthy = halted === null && (row.status?.healthy ?? true);
  return [
    row.supervisorId,
    row.dataSource,
    halted ?? row.status?.state ?? 'PENDING',
    halted ?? row.status?.detailedState ?? 'PENDING',
    isHealthy ? 1n : 0n,
    'kafka',
    specOf(row.specText)?.io.topic ?? null,
    row.desired === 'suspended' ? 1n : 0n,
    row.specText === null ? null : renderSpec(row.specText),
  ];
}
