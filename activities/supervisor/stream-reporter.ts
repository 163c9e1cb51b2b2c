/**
 * What others may know of the stream: where it stands, how far it was read and how long ago, in one snapshot, for lag,
 * status and metrics. It costs the supervisor no history, and what cannot be written waits for the next look.
 */
import type { Facts } from '../../domain/supervisor/facts.ts';
import { currentPositions } from '../../domain/supervisor/summarize.ts';
import { writeStreamPositions } from '../../storage/partitions.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { StreamEye } from './stream-eye.ts';

/** `isCalm`: nothing waits for this look, so milliseconds behind may be measured too, which can take seconds. */
export async function reportStream(
  deps: ControlDeps,
  eye: StreamEye,
  { supervisorId, facts, isCalm }: { supervisorId: string; facts: Facts; isCalm: boolean },
): Promise<void> {
  const { stream, settings } = facts;
  if (stream.kind === 'failed' || !settings) return;
  const current = currentPositions(facts.partitions, facts.generations, settings.stream);
  try {
    const lags = isCalm ? await eye.timeLags(current, stream.latest) : noLags;
    const rows = stream.partitions.map((partition) => ({
      partition,
      earliest: stream.earliest[partition] ?? null,
      latest: stream.latest[partition] ?? null,
      current: current.get(partition) ?? null,
      lagMs: lags.get(partition) ?? null,
    }));
    await writeStreamPositions(deps.pool, supervisorId, settings.stream, rows);
  } catch (error) {
    deps.log('warn', 'the stream positions were not written', { supervisorId, error: String(error) });
  }
}

const noLags: ReadonlyMap<string, number> = new Map();
