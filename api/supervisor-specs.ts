/**
 * Taking a spec in: parse and list every problem, store the new version, then tell the workflow.
 *
 * The spec is validated before anything is written, so that one that is refused leaves the running one as it is; while
 * Temporal is down it is stored all the same and the answer carries a `warning` (housekeeping starts the supervisor later).
 */
import { HeadgateError, messageOf } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { describeProblems, parseSupervisorSpec } from '../domain/spec/parse.ts';
import type { Problem } from '../domain/spec/parse.ts';
import type { SpecDifference } from '../domain/spec/spec-differences.ts';
import { decideUpdate, describeUpdate } from '../domain/spec/spec-update.ts';
import type { SpecUpdate, TakesEffect } from '../domain/spec/spec-update.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import { setSuspended } from '../domain/spec/with-suspended.ts';
import { checkSupervisorSpec } from '../formats/check-spec.ts';
import { withSecurityChecked } from '../streams/kafka/check-security.ts';
import { variableProblems } from './check-variables.ts';
import type { JsonBody } from './json-body.ts';
import type { Store, SupervisorRow } from './store.ts';
import type { SupervisorStarter } from './supervisor-starter.ts';

export type SpecDeps = {
  readonly store: Store;
  readonly starter: SupervisorStarter;
  /** How the names of variables begin that a spec may refer to. */
  readonly secretEnvPrefixes: readonly string[];
  /** When a change that needs new tasks takes effect, unless the caller says; absent: at the next rollover. */
  readonly rolloverOnUpdate?: 'now' | 'next';
  readonly log?: { readonly warn: (details: object, message: string) => void };
};

export type ApplyOptions = {
  readonly skipIfUnmodified: boolean;
  /** Absent: as `rolloverOnUpdate` says. */
  readonly rollover?: 'now' | 'next';
  /** Only tell what would happen. */
  readonly dryRun?: boolean;
  /** For the history and the story; absent: api. */
  readonly by?: string;
};

export type Applied = {
  readonly id: string;
  readonly modified: boolean;
  /** Whether groups that read are handed off, or the supervisor is started, at once. */
  readonly restarted: boolean;
  readonly takesEffect: TakesEffect;
  readonly note: string;
  readonly warnings?: readonly Problem[];
  readonly warning?: string;
  /** Of a dry run. */
  readonly dryRun?: true;
  readonly differences?: readonly SpecDifference[];
};

type ParsedSpec = { readonly spec: SupervisorSpec; readonly warnings: readonly Problem[] };

export function parseSpec(raw: unknown, secretEnvPrefixes: readonly string[]): ParsedSpec {
  const parsed = withSecurityChecked(checkSupervisorSpec(raw));
  if (parsed.kind === 'invalid') throw specInvalid(parsed.problems);
  const unreadable = variableProblems(parsed.spec, secretEnvPrefixes);
  if (unreadable.length > 0) throw specInvalid(unreadable);
  return parsed;
}

function specInvalid(problems: readonly Problem[]): HeadgateError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new HeadgateError('SPEC_INVALID', `the spec has ${count}. ${describeProblems(problems)}`, {
    details: { problems: [...problems] },
  });
}

const triesMost = 5;

/** Whoever reads a version, edits it and stores it does so again when another one was stored in between. */
async function untilStored<T>(supervisorId: string, change: () => Promise<T | 'overtaken'>): Promise<T> {
  for (let tries = 0; tries < triesMost; tries += 1) {
    const changed = await change();
    if (changed !== 'overtaken') return changed;
  }
  throw new HeadgateError(
    'METADATA_UNAVAILABLE',
    `supervisor ${supervisorId}: changed by others ${triesMost} times in a row while this change was made; try again`,
  );
}

export async function applySpec(deps: SpecDeps, body: JsonBody, options: ApplyOptions): Promise<Applied> {
  const parsed = parseSpec(body.value, deps.secretEnvPrefixes);
  return untilStored(parsed.spec.id, () => tryToApply(deps, body, parsed, options));
}

async function tryToApply(
  deps: SpecDeps,
  body: JsonBody,
  { spec, warnings }: ParsedSpec,
  options: ApplyOptions,
): Promise<Applied | 'overtaken'> {
  const { id } = spec;
  const before = await deps.store.read(id);
  const update = decideUpdate({
    specText: body.text,
    spec,
    running: runningOf(before),
    rollover: options.rollover ?? deps.rolloverOnUpdate ?? 'next',
    skipIfUnmodified: options.skipIfUnmodified,
  });
  if (update.kind === 'refused') throw specInvalid(update.problems);
  const extra = warnings.length > 0 ? { warnings } : {};
  if (update.kind === 'unmodified')
    return { id, modified: false, restarted: false, takesEffect: 'nothing', note: update.note, ...extra };
  const { takesEffect, note, differences } = update;
  const answer = { id, modified: true, restarted: takesEffect === 'now', takesEffect, note, ...extra };
  if (options.dryRun === true) return { ...answer, restarted: false, dryRun: true, differences };
  const by = options.by ?? 'api';
  const { kind, version } = await deps.store.replaceVersion({
    supervisorId: id,
    expectedVersion: before?.version ?? 0,
    dataSource: spec.dataSchema.dataSource,
    specText: update.specText,
    by,
    desired: spec.suspended ? 'suspended' : 'running',
    takesEffect,
  });
  if (kind === 'overtaken') return kind;
  await tell(deps, { supervisorId: id, version, by, takesEffect, ...storyOf(update, { version, by }) });
  return { ...answer, ...(await notify(deps.starter, id, version)) };
}

/** Null: there is none, it was terminated, or this version cannot read what another one stored. */
function runningOf(row: SupervisorRow | null): { specText: string; spec: SupervisorSpec } | null {
  if (row === null || row.desired === 'terminated' || row.specText === null) return null;
  const spec = storedSpec(row.specText);
  return spec === null ? null : { specText: row.specText, spec };
}

const pathsTold = 50;

function storyOf(
  update: Extract<SpecUpdate, { kind: 'store' }>,
  told: { readonly version: number; readonly by: string },
): { text: string; details: { readonly [key: string]: Json } } {
  const changes = update.differences.slice(0, pathsTold).map(({ path }) => path);
  return { text: describeUpdate(update, told), details: { changes } };
}

type Told = {
  readonly supervisorId: string;
  readonly version: number;
  readonly by: string;
  readonly takesEffect: TakesEffect;
  readonly text: string;
  readonly details?: { readonly [key: string]: Json };
};

/** What was done is done: a story that cannot be told is only logged. */
async function tell({ store, log }: SpecDeps, told: Told): Promise<void> {
  const { supervisorId, version, by, takesEffect, text, details } = told;
  try {
    await store.tellStory({
      supervisorId,
      kind: 'spec',
      text,
      details: { specVersion: version, by, takesEffect, ...details },
      key: `spec:${supervisorId}:${version}`,
    });
  } catch (error) {
    log?.warn({ err: error, supervisor: supervisorId }, 'a line of the story was not written');
  }
}

/** Null when this version cannot read what another one stored. */
export function storedSpec(specText: string | null): SupervisorSpec | null {
  try {
    const parsed = parseSupervisorSpec(JSON.parse(specText ?? 'null'));
    return parsed.kind === 'ok' ? parsed.spec : null;
  } catch {
    return null;
  }
}

/** Suspend and resume: a new version that differs in one field. The answer is the new spec's text. */
export function applySuspended(
  deps: SpecDeps,
  seen: SupervisorRow,
  suspended: boolean,
  by = 'api',
): Promise<{ specText: string; warning?: string }> {
  const { supervisorId } = seen;
  let row: SupervisorRow | null = seen;
  return untilStored(supervisorId, async () => {
    if (row === null || row.desired === 'terminated') throw unknownSupervisor(supervisorId);
    const stored = await tryToSuspend(deps, row, { suspended, by });
    if (stored === 'overtaken') row = await deps.store.read(supervisorId);
    return stored;
  });
}

async function tryToSuspend(
  deps: SpecDeps,
  row: SupervisorRow,
  { suspended, by }: { readonly suspended: boolean; readonly by: string },
): Promise<{ specText: string; warning?: string } | 'overtaken'> {
  const { supervisorId } = row;
  const wanted = suspended ? 'suspended' : 'running';
  if (row.desired === wanted)
    throw new HeadgateError('REQUEST_INVALID', `[${supervisorId}] is already ${wanted}`, {
      details: { supervisorId },
    });
  const specText = setSuspended(row.specText ?? '{}', suspended);
  const { kind, version } = await deps.store.replaceVersion({
    supervisorId,
    expectedVersion: row.version,
    dataSource: row.dataSource,
    specText,
    by,
    desired: wanted,
    takesEffect: 'now',
  });
  if (kind === 'overtaken') return kind;
  const text = suspended
    ? `suspended by ${by}: groups that read publish and stop`
    : `resumed by ${by}: reading goes on from the stored positions`;
  await tell(deps, { supervisorId, version, by, takesEffect: 'now', text });
  return { specText, ...(await notify(deps.starter, supervisorId, version)) };
}

export async function applyTermination(
  deps: SpecDeps,
  supervisorId: string,
  by = 'api',
): Promise<{ id: string; warning?: string }> {
  const stored = await deps.store.storeTombstone({ supervisorId, by });
  if (stored === null) throw unknownSupervisor(supervisorId);
  const { version } = stored;
  const text = `terminated by ${by}: groups that read publish and stop; positions stay for whoever creates it again`;
  await tell(deps, { supervisorId, version, by, takesEffect: 'now', text });
  return { id: supervisorId, ...(await notify(deps.starter, supervisorId, version)) };
}

async function notify(
  starter: SupervisorStarter,
  supervisorId: string,
  version: number,
): Promise<{ warning?: string }> {
  try {
    await starter.notify(supervisorId, version);
    return {};
  } catch (error) {
    return {
      warning: `stored, but the workflow could not be told yet and will be by itself: ${messageOf(error)}`,
    };
  }
}

export function unknownSupervisor(id: string): HeadgateError {
  const shown = id.length > 200 ? `${id.slice(0, 200)}...` : id;
  return new HeadgateError('SUPERVISOR_UNKNOWN', `[${shown}] does not exist`, {
    details: { supervisorId: shown },
  });
}
