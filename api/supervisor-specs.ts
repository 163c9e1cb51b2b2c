/**
 * Taking a spec in: parse and list every problem, store the new version, then tell the workflow.
 *
 * The spec is validated before anything is written; while Temporal is down it is stored all the same and the answer
 * carries a `warning` (housekeeping starts the supervisor later).
 */
import { HeadgateError, messageOf } from '../domain/errors.ts';
import { describeProblems, parseSupervisorSpec } from '../domain/spec/parse.ts';
import type { Problem } from '../domain/spec/parse.ts';
import { checkSpecChange, keepTaskCount } from '../domain/spec/spec-changes.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import { setSuspended } from '../domain/spec/with-suspended.ts';
import { checkSupervisorSpec } from '../formats/check-spec.ts';
import { withSecurityChecked } from '../streams/kafka/check-security.ts';
import type { JsonBody } from './json-body.ts';
import type { Store, SupervisorRow } from './store.ts';
import type { SupervisorStarter } from './supervisor-starter.ts';

export type SpecDeps = { readonly store: Store; readonly starter: SupervisorStarter };

export type Applied = {
  readonly id: string;
  readonly modified: boolean;
  readonly restarted: boolean;
  readonly warnings?: readonly Problem[];
  readonly warning?: string;
};

export function parseSpec(raw: unknown): { spec: SupervisorSpec; warnings: readonly Problem[] } {
  const parsed = withSecurityChecked(checkSupervisorSpec(raw));
  if (parsed.kind === 'ok') return parsed;
  throw specInvalid(parsed.problems);
}

function specInvalid(problems: readonly Problem[]): HeadgateError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  return new HeadgateError('SPEC_INVALID', `the spec has ${count}. ${describeProblems(problems)}`, {
    details: { problems },
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

export async function applySpec(
  deps: SpecDeps,
  body: JsonBody,
  options: { skipIfUnmodified: boolean },
): Promise<Applied> {
  const parsed = parseSpec(body.value);
  return untilStored(parsed.spec.id, () => tryToApply(deps, body, parsed, options));
}

async function tryToApply(
  { store, starter }: SpecDeps,
  body: JsonBody,
  { spec, warnings }: ReturnType<typeof parseSpec>,
  options: { skipIfUnmodified: boolean },
): Promise<Applied | 'overtaken'> {
  const before = await store.read(spec.id);
  const running = before === null || before.desired === 'terminated' ? null : storedSpec(before.specText);
  const forbidden = running === null ? [] : checkSpecChange(running, spec);
  if (forbidden.length > 0) throw specInvalid(forbidden);
  // A scaled supervisor keeps its scale; otherwise the text stays as it came.
  const specText =
    running?.io.taskCount === spec.io.taskCount ? body.text : keepTaskCount(body.text, running);
  const isModified = before?.specText !== specText || before.desired === 'terminated';
  const extra = warnings.length > 0 ? { warnings } : {};
  if (!isModified && options.skipIfUnmodified)
    return { id: spec.id, modified: false, restarted: false, ...extra };
  const { kind, version } = await store.replaceVersion({
    supervisorId: spec.id,
    expectedVersion: before?.version ?? 0,
    dataSource: spec.dataSchema.dataSource,
    specText,
    by: 'api',
    desired: spec.suspended ? 'suspended' : 'running',
  });
  if (kind === 'overtaken') return kind;
  const warning = await notify(starter, spec.id, version);
  return { id: spec.id, modified: isModified, restarted: true, ...extra, ...warning };
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
): Promise<{ specText: string; warning?: string }> {
  const { supervisorId } = seen;
  let row: SupervisorRow | null = seen;
  return untilStored(supervisorId, async () => {
    if (row === null || row.desired === 'terminated') throw unknownSupervisor(supervisorId);
    const stored = await tryToSuspend(deps, row, suspended);
    if (stored === 'overtaken') row = await deps.store.read(supervisorId);
    return stored;
  });
}

async function tryToSuspend(
  { store, starter }: SpecDeps,
  row: SupervisorRow,
  suspended: boolean,
): Promise<{ specText: string; warning?: string } | 'overtaken'> {
  const { supervisorId } = row;
  const wanted = suspended ? 'suspended' : 'running';
  if (row.desired === wanted)
    throw new HeadgateError('REQUEST_INVALID', `[${supervisorId}] is already ${wanted}`, {
      details: { supervisorId },
    });
  const specText = setSuspended(row.specText ?? '{}', suspended);
  const { kind, version } = await store.replaceVersion({
    supervisorId,
    expectedVersion: row.version,
    dataSource: row.dataSource,
    specText,
    by: 'api',
    desired: wanted,
  });
  if (kind === 'overtaken') return kind;
  return { specText, ...(await notify(starter, supervisorId, version)) };
}

export async function applyTermination(
  { store, starter }: SpecDeps,
  supervisorId: string,
): Promise<{ id: string; warning?: string }> {
  const stored = await store.storeTombstone({ supervisorId, by: 'api' });
  if (stored === null) throw unknownSupervisor(supervisorId);
  return { id: supervisorId, ...(await notify(starter, supervisorId, stored.version)) };
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
