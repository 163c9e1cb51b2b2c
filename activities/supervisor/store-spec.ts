/**
 * The first step of a supervisor that a plain Temporal client started: the spec is checked and stored, or refused with
 * everything that is wrong with it, by the rules of an update where the id was there before. Safe to repeat: the same spec is
 * one version.
 */
import { HeadgateError, messageOf } from '../../domain/errors.ts';
import { readSpecText } from '../../domain/spec/render-spec.ts';
import { findInlineSecrets } from '../../domain/spec/secrets.ts';
import { decideUpdate, describeUpdate, type SpecUpdate } from '../../domain/spec/spec-update.ts';
import { describeProblems, type Problem } from '../../domain/spec/parse.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { withSecurityChecked } from '../../streams/kafka/check-security.ts';
import { tellStory } from '../../storage/stories.ts';
import { readSupervisor, replaceSupervisorVersion, type SupervisorRow } from '../../storage/supervisors.ts';
import { supervisorWorkflowId } from '../../workflows/contract.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { StoreSpecInput, StoreSpecResult } from './contract.ts';

const by = 'temporal client';

export async function storeSpec(deps: ControlDeps, input: StoreSpecInput): Promise<StoreSpecResult> {
  const spec = accepted(input);
  const before = await readSupervisor(deps.pool, spec.id);
  const update = decideUpdate({
    specText: JSON.stringify(input.spec),
    spec,
    running: runningOf(before),
    rollover: 'next',
    skipIfUnmodified: false,
  });
  if (update.kind === 'refused') throw refused(update.problems);
  const { id: supervisorId, dataSchema } = spec;
  const { dataSource } = dataSchema;
  if (update.kind === 'unmodified') return { supervisorId, specVersion: before?.version ?? 0, dataSource };
  const { kind, version } = await replaceSupervisorVersion(deps.pool, {
    supervisorId,
    dataSource,
    specText: update.specText,
    by,
    desired: spec.suspended ? 'suspended' : 'running',
    takesEffect: update.takesEffect,
    expectedVersion: before?.version ?? 0,
  });
  if (kind === 'overtaken')
    throw new HeadgateError(
      'METADATA_UNAVAILABLE',
      `supervisor ${supervisorId}: version ${version} was stored while this spec was read; it is compared again`,
    );
  await tell(deps, update, version);
  return { supervisorId, specVersion: version, dataSource };
}

/** Null: there is none, it was terminated, or this version cannot read what another one stored. */
function runningOf(row: SupervisorRow | null): { specText: string; spec: SupervisorSpec } | null {
  if (row === null || row.desired === 'terminated' || row.specText === null) return null;
  const spec = readSpecText(row.specText)?.spec;
  return spec === undefined ? null : { specText: row.specText, spec };
}

/** What was done is done: a story that cannot be told is only logged. */
async function tell(
  deps: ControlDeps,
  update: Extract<SpecUpdate, { kind: 'store' }>,
  version: number,
): Promise<void> {
  const supervisorId = update.spec.id;
  try {
    await tellStory(deps.pool, {
      supervisorId,
      kind: 'spec',
      text: describeUpdate(update, { version, by }),
      details: { specVersion: version, by, takesEffect: update.takesEffect },
      key: `spec:${supervisorId}:${version}`,
    });
  } catch (error) {
    deps.log('warn', 'a line of the story was not written', { supervisorId, error: messageOf(error) });
  }
}

function accepted({ spec: raw, workflowId }: StoreSpecInput): SupervisorSpec {
  // Before anything that could quote a value. The history already holds what the client sent: say so.
  const secrets = findInlineSecrets(raw);
  if (secrets.length > 0)
    throw new HeadgateError(
      'SPEC_SECRET_INLINE',
      `the spec carries secrets in clear at ${secrets.join(', ')}; they are in this workflow's history now: change ` +
        `them, delete this workflow, and use a provider reference such as {"type": "environment", "variable": ...}`,
    );
  const parsed = withSecurityChecked(checkSupervisorSpec(raw));
  if (parsed.kind === 'invalid') throw refused(parsed.problems);
  const expected = supervisorWorkflowId(parsed.spec.id);
  if (workflowId !== expected)
    throw new HeadgateError(
      'SUPERVISOR_ID_MISMATCH',
      `the workflow id is ${workflowId}, expected ${expected}, the id of the spec; start it with that workflow id`,
    );
  return parsed.spec;
}

function refused(problems: readonly Problem[]): HeadgateError {
  return new HeadgateError('SPEC_INVALID', `the spec is refused: ${describeProblems(problems)}`);
}
