/**
 * Creates the next generation of groups, each in one transaction of its own. A refusal is an answer: the next look
 * shows why. Safe to repeat: a generation that exists already is answered as such.
 */
import { Context } from '@temporalio/activity';
import { wantedGroups } from '../../domain/supervisor/wanted.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { createGeneration } from '../../storage/generations.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { readSupervisor } from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import { parseStored } from '../read-spec.ts';
import type { CreatedGeneration, CreateGenerationsInput, CreateGenerationsResult } from './contract.ts';

export async function createGenerations(
  deps: ControlDeps,
  { supervisorId, groups }: CreateGenerationsInput,
): Promise<CreateGenerationsResult> {
  const row = await readSupervisor(deps.pool, supervisorId);
  if (!row?.specText || row.desired !== 'running') {
    const why = `the supervisor is ${row?.desired ?? 'unknown'} now`;
    return { generations: groups.map(({ groupId }) => ({ kind: 'refused', groupId, why })) };
  }
  const spec = parseStored(supervisorId, row.version, row.specText);
  const rows = await readPartitions(deps.pool, supervisorId);
  const { topic, taskCount, bounded } = spec.io;
  const wanted = wantedGroups(rows, { stream: topic, taskCount, ends: bounded?.ends ?? null });
  const generations: CreatedGeneration[] = [];
  for (const group of groups) {
    Context.current().heartbeat();
    const partitions = wanted.get(group.groupId);
    generations.push(
      partitions
        ? await createOne(deps, { supervisorId, spec, specVersion: row.version, partitions, ...group })
        : { kind: 'refused', groupId: group.groupId, why: 'no partition belongs to it any more' },
    );
  }
  return { generations };
}

async function createOne(
  deps: ControlDeps,
  input: {
    readonly supervisorId: string;
    readonly spec: SupervisorSpec;
    readonly specVersion: number;
    readonly groupId: number;
    readonly expectedGeneration: number;
    readonly partitions: readonly string[];
  },
): Promise<CreatedGeneration> {
  const { spec, groupId } = input;
  const answer = await createGeneration(deps.pool, {
    supervisorId: input.supervisorId,
    groupId,
    expectedGeneration: input.expectedGeneration,
    specVersion: input.specVersion,
    stream: spec.io.topic,
    partitions: [...input.partitions],
    replicas: spec.io.replicas,
    ...rejectionWindow(spec, deps.now()),
    taskLetters: Array.from({ length: spec.io.replicas }, () => deps.newLetters()),
  });
  if (answer.kind === 'refused')
    return { kind: 'refused', groupId, why: `${answer.reason}: ${answer.detail}` };
  return { kind: 'created', groupId, generation: answer.key.generation };
}

/** Fixed when the sequence is created, so that every replica and attempt drops the same rows (druid.md 4.6). */
export function rejectionWindow(
  spec: SupervisorSpec,
  nowMs: number,
): { readonly windowMinMs: number | null; readonly windowMaxMs: number | null } {
  const { io } = spec;
  const late = io.lateMessageRejectionPeriodMs;
  const early = io.earlyMessageRejectionPeriodMs;
  return {
    windowMinMs: io.lateMessageRejectionStartMs ?? (late === null ? null : nowMs - late),
    windowMaxMs: early === null ? null : nowMs + io.taskDurationMs + early,
  };
}
