/** The stored spec of a version, parsed; what was stored was valid once, so a problem here is one of versions. */
import type pg from 'pg';
import { HeadgateError } from '../domain/errors.ts';
import { describeProblems, parseSupervisorSpec } from '../domain/spec/parse.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';
import { readSpecVersion } from '../storage/supervisors.ts';

type Parsed = { readonly version: number; readonly specText: string; readonly spec: SupervisorSpec };

/** The version of each supervisor asked for last: to parse it at every look would cost more than the rest of the look. */
const parsedSpecs = new Map<string, Parsed>();
const parsedMost = 2_000;

export function parseStored(supervisorId: string, version: number, specText: string): SupervisorSpec {
  const known = parsedSpecs.get(supervisorId);
  // A replaced database may know another spec by this version.
  if (known?.version === version && known.specText === specText) return known.spec;
  const spec = parse(supervisorId, version, specText);
  if (parsedSpecs.size >= parsedMost) parsedSpecs.clear();
  parsedSpecs.set(supervisorId, { version, specText, spec });
  return spec;
}

function parse(supervisorId: string, version: number, specText: string): SupervisorSpec {
  const parsed = parseSupervisorSpec(JSON.parse(specText));
  if (parsed.kind === 'ok') return parsed.spec;
  throw new HeadgateError(
    'SPEC_INVALID',
    `supervisor ${supervisorId}: this program cannot read spec version ${version}, stored by another one: ` +
      `${describeProblems(parsed.problems)}; post the spec again or run the program that stored it`,
  );
}

export async function readSpec(
  pool: pg.Pool,
  supervisorId: string,
  version: number,
): Promise<SupervisorSpec> {
  const stored = await readSpecVersion(pool, supervisorId, version);
  if (stored?.specText) return parseStored(supervisorId, version, stored.specText);
  throw new HeadgateError(
    'SUPERVISOR_UNKNOWN',
    `supervisor ${supervisorId}: version ${version} ${stored ? 'is a tombstone' : 'is not stored'}, expected a spec`,
  );
}
