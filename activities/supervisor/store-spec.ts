/**
 * The first step of a supervisor that a plain Temporal client started: the spec is checked and stored, or refused with
 * everything that is wrong with it. Safe to repeat: the same spec is one version.
 */
import { findInlineSecrets } from '../../domain/spec/secrets.ts';
import { describeProblems } from '../../domain/spec/parse.ts';
import { HeadgateError } from '../../domain/errors.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { withSecurityChecked } from '../../streams/kafka/check-security.ts';
import { storeSupervisorVersion } from '../../storage/supervisors.ts';
import { supervisorWorkflowId } from '../../workflows/contract.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { StoreSpecInput, StoreSpecResult } from './contract.ts';

export async function storeSpec(deps: ControlDeps, input: StoreSpecInput): Promise<StoreSpecResult> {
  const spec = accepted(input);
  const specText = JSON.stringify(input.spec);
  const desired = spec.suspended ? 'suspended' : 'running';
  const { dataSource } = spec.dataSchema;
  const { version } = await storeSupervisorVersion(deps.pool, {
    supervisorId: spec.id,
    dataSource,
    specText,
    by: 'temporal client',
    desired,
    onlyIfChanged: true,
  });
  return { supervisorId: spec.id, specVersion: version, dataSource };
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
  if (parsed.kind === 'invalid')
    throw new HeadgateError('SPEC_INVALID', `the spec is refused: ${describeProblems(parsed.problems)}`);
  const expected = supervisorWorkflowId(parsed.spec.id);
  if (workflowId !== expected)
    throw new HeadgateError(
      'SUPERVISOR_ID_MISMATCH',
      `the workflow id is ${workflowId}, expected ${expected}, the id of the spec; start it with that workflow id`,
    );
  return parsed.spec;
}
