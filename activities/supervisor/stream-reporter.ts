/**
 * What others may know of a look: the status, and where the stream stands, how far it was read and how long ago, in one
 * snapshot, for lag and metrics. It costs the supervisor no history, and what cannot be written waits for the next look.
 */
import type { Facts } from '../../domain/supervisor/facts.ts';
import type { SupervisorStatus } from '../../domain/supervisor/status.ts';
import { currentPositions } from '../../domain/supervisor/summarize.ts';
import { writeLook } from '../../storage/looks.ts';
import { writeSupervisorStatus } from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { StreamEye } from './stream-eye.ts';

/** `facts` null: Postgres did not answer. `status` null: the workflow is about to write a newer one. */
export async function reportLook(
  deps: ControlDeps,
  eye: StreamEye,
  look: {
    readonly supervisorId: string;
    readonly facts: Facts | null;
    readonly status: SupervisorStatus | null;
  },
): Promise<void> {
  const { supervisorId, facts, status } = look;
  const stream = facts?.stream.kind === 'ok' ? facts.stream : null;
  const settings = facts?.settings ?? null;
  if (facts === null || stream === null || settings === null)
    return status === null ? undefined : reportStatus(deps, supervisorId, status);
  const current = currentPositions(facts.partitions, facts.generations, settings.stream);
  const isWritten = await safely(deps, supervisorId, async () => {
    // With news nothing may wait for milliseconds behind, which can take seconds to measure.
    const lags = status === null ? noLags : await eye.timeLags(current, stream.latest);
    const positions = stream.partitions.map((partition) => ({
      partition,
      earliest: stream.earliest[partition] ?? null,
      latest: stream.latest[partition] ?? null,
      current: current.get(partition) ?? null,
      lagMs: lags.get(partition) ?? null,
    }));
    await writeLook(deps.pool, { supervisorId, status, stream: settings.stream, positions });
  });
  // Whatever is the matter with the positions, the status must not stand still.
  if (!isWritten && status !== null) await reportStatus(deps, supervisorId, status);
}

export async function reportStatus(
  deps: ControlDeps,
  supervisorId: string,
  status: SupervisorStatus,
): Promise<void> {
  await safely(deps, supervisorId, () => writeSupervisorStatus(deps.pool, supervisorId, status));
}

/** False: it failed, which is logged. */
async function safely(deps: ControlDeps, supervisorId: string, write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    deps.log('warn', 'the status or the positions were not written', { supervisorId, error: String(error) });
    return false;
  }
}

const noLags: ReadonlyMap<string, number> = new Map();
