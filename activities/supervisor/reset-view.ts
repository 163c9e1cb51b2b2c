/** What a reset is decided from: the spec, the rows, then the stream, in this order; and what was done under its id. */
import { toPosition } from '../../domain/positions.ts';
import type { Positions } from '../../domain/positions.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { wantedAt } from '../../domain/supervisor/reset-offsets-plan.ts';
import type { ResetView } from '../../domain/supervisor/reset-plan.ts';
import type { ResetOffsetsInput } from '../../domain/supervisor/reset-order.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { readSupervisor } from '../../storage/supervisors.ts';
import type { SupervisorRow } from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import { parseStored } from '../read-spec.ts';
import { StreamEye } from './stream-eye.ts';

const patienceMs = 8_000;

export type ResetGround = {
  readonly row: SupervisorRow & { readonly specText: string };
  readonly spec: SupervisorSpec;
  readonly view: ResetView;
};

/** Null: there is no such supervisor, or it is terminated. */
export async function readGround(deps: ControlDeps, supervisorId: string): Promise<ResetGround | null> {
  const row = await readSupervisor(deps.pool, supervisorId);
  if (!row?.specText || row.desired === 'terminated') return null;
  const { specText } = row;
  const spec = parseStored(supervisorId, row.version, specText);
  const rows = (await readPartitions(deps.pool, supervisorId)).filter(
    (entry) => entry.stream === spec.io.topic,
  );
  const eye = new StreamEye(deps.openSource);
  try {
    const source = await eye.look(spec, row.version);
    const { topic: stream, useEarliestOffset, bounded } = spec.io;
    const view = { supervisorId, stream, useEarliestOffset, bounded, rows, source };
    return { row: { ...row, specText }, spec, view };
  } finally {
    await eye.close();
  }
}

/** Of the partitions the order means; null: the stream did not answer. */
export async function positionsAt(
  deps: ControlDeps,
  { spec, view }: ResetGround,
  order: Extract<ResetOffsetsInput, { type: 'timestamp' }>,
): Promise<Positions | null> {
  if (view.source.kind === 'failed') return null;
  const present = wantedAt(order, view, view.source).filter(
    (partition) => view.source.kind === 'ok' && view.source.partitions.includes(partition),
  );
  const source = deps.openSource(spec);
  try {
    const found = await inTime(source.positions(present, { timestampMs: order.timestamp }));
    return Object.fromEntries([...found].map(([partition, position]) => [partition, toPosition(position)]));
  } catch (error) {
    deps.log('warn', 'the stream did not say what stands at a time', {
      supervisorId: view.supervisorId,
      error: String(error),
    });
    return null;
  } finally {
    await source.close();
  }
}

/** The activity has a deadline of its own: an answer before it is better than none. */
async function inTime<T>(asking: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1_000} s`)), patienceMs);
  });
  try {
    return await Promise.race([asking, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
