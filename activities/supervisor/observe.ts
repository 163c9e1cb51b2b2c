/**
 * One look at Postgres and the stream. Never throws: what cannot be seen is part of the answer.
 *
 * Rows are read before the stream is asked for its ends, so that a position can lie beyond an end only if records are
 * really gone; and a trouble counts only if a second look, a moment later, shows it again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { settingsOf } from '../../domain/supervisor/settings.ts';
import { summarize } from '../../domain/supervisor/summarize.ts';
import type { Facts, GenerationFact, StreamFacts } from '../../domain/supervisor/facts.ts';
import type { Observation } from '../../domain/supervisor/observation.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import type { GenerationRow } from '../../storage/generations.ts';
import { readLook } from '../../storage/looks.ts';
import type { ControlDeps } from '../control-deps.ts';
import { parseStored, readSpec } from '../read-spec.ts';
import { observedError } from './stream-eye.ts';
import type { StreamEye } from './stream-eye.ts';

const confirmAfterMs = 1_000;

export type Sight = {
  readonly observation: Observation;
  readonly facts: Facts | null;
  /** The newest spec, when it can be read. */
  readonly spec: SupervisorSpec | null;
};

export async function observe(deps: ControlDeps, eye: StreamEye, supervisorId: string): Promise<Sight> {
  const first = await lookOnce(deps, eye, supervisorId);
  if (first.observation.kind === 'blind' || first.observation.troubles.length === 0) return first;
  await pause(confirmAfterMs);
  return lookOnce(deps, eye, supervisorId);
}

async function lookOnce(deps: ControlDeps, eye: StreamEye, supervisorId: string): Promise<Sight> {
  try {
    const { facts, spec } = await collect(deps, eye, supervisorId);
    return { facts, spec, observation: summarize(facts) };
  } catch (error) {
    const observation = { kind: 'blind', atMs: deps.now(), error: observedError(error) } as const;
    return { facts: null, spec: null, observation };
  }
}

async function collect(
  deps: ControlDeps,
  eye: StreamEye,
  supervisorId: string,
): Promise<{ readonly facts: Facts; readonly spec: SupervisorSpec | null }> {
  const { pool } = deps;
  const look = await readLook(pool, supervisorId);
  if (look === null)
    throw new Error(`supervisor ${supervisorId} has no row in Postgres; was the database replaced?`);
  const { row, partitions, generations, newest } = look;
  const spec = row.specText === null ? null : specOrError(supervisorId, row.version, row.specText);
  const readable = spec && 'io' in spec ? spec : null;
  const stream: StreamFacts = readable
    ? await eye.look(readable, row.version)
    : { kind: 'failed', error: spec && 'error' in spec ? spec.error : tombstone };
  const older = generations
    .map(({ specVersion }) => specVersion)
    .filter((version) => version !== row.version);
  const ownTerms = await termsOf(deps, supervisorId, older);
  const atMs = deps.now();
  const facts: Facts = {
    atMs,
    version: row.version,
    handOffBelow: row.effectiveVersion,
    desired: row.desired,
    settings: readable ? settingsOf(readable, row.version) : null,
    commitSeq: row.commitSeq,
    timeline: row.timeline,
    halted: row.halted ? row.halted.why : null,
    stream,
    partitions,
    generations: generations.map((generation) => factOf(generation, ownTerms)),
    newestGenerations: newest,
    lastPublishAtMs: null,
    bounded: readable?.io.bounded ?? null,
  };
  return { facts, spec: readable };
}

type Terms = { readonly taskCount: number; readonly taskDurationMs: number };

/** What older versions say, which some generations still run. */
async function termsOf(
  deps: ControlDeps,
  supervisorId: string,
  versions: readonly number[],
): Promise<ReadonlyMap<number, Terms>> {
  const found = new Map<number, Terms>();
  for (const version of new Set(versions)) {
    const spec = await readSpec(deps.pool, supervisorId, version).catch(() => null);
    if (spec) found.set(version, { taskCount: spec.io.taskCount, taskDurationMs: spec.io.taskDurationMs });
  }
  return found;
}

const tombstone = {
  code: 'SUPERVISOR_UNKNOWN',
  message: 'terminated: the stream is not asked',
  streamException: false,
};

function specOrError(
  supervisorId: string,
  version: number,
  text: string,
): SupervisorSpec | { readonly error: ReturnType<typeof observedError> } {
  try {
    return parseStored(supervisorId, version, text);
  } catch (error) {
    return { error: observedError(error) };
  }
}

function factOf(row: GenerationRow, ownTerms: ReadonlyMap<number, Terms>): GenerationFact {
  return {
    groupId: row.key.groupId,
    generation: row.key.generation,
    specVersion: row.specVersion,
    stream: row.stream,
    partitions: row.partitions,
    createdAtMs: row.createdAtMs,
    ...ownTerms.get(row.specVersion),
    sequences: row.sequences,
    tasks: row.tasks.map((task) => ({
      replica: task.replica,
      state: task.state,
      attempts: task.attempts,
      startedAtMs: task.startedAtMs ?? null,
      error: task.error,
      positions: task.progress?.positions ?? null,
      fruitlessAttempts: task.fruitlessAttempts,
      lastFailure: task.lastFailure?.message ?? null,
    })),
  };
}
