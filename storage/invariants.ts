/**
 * The invariants that SQL can see, for `headgate doctor` and housekeeping; docs/invariants.md lists them all.
 *
 * A violation stops publishing for the supervisors it names, here, loudly and for everybody, until somebody has looked
 * and accepted it (protocol.md 8). Nothing is ever repaired in silence.
 */
import { type Database, call } from './call.ts';
import { rowsOf, textOf, textOrNull } from './decode.ts';

export const sqlInvariants = [
  'I1',
  'I2',
  'I3',
  'I4',
  'I5',
  'I6',
  'I7',
  'I8',
  'I10',
  'I13',
  'I14',
  'I16',
  'I17',
  'I18',
  'I19',
  'I20',
] as const;

export type InvariantCheck = {
  readonly id: string;
  readonly ok: boolean;
  /** What was found, at most twenty places; empty when ok. */
  readonly detail: string;
  /** Whose publishing is stopped because of it. */
  readonly supervisorIds: readonly string[];
};

/** `recentMs` bounds the history looked at, for frequent runs; without it all of it. `halt: false` only looks. */
export async function checkInvariants(
  database: Database,
  options: { recentMs?: number; halt?: boolean } = {},
): Promise<InvariantCheck[]> {
  const checks: InvariantCheck[] = [];
  for (const id of sqlInvariants) {
    const broken = rowsOf(
      await call(database, 'check_invariant', { id, halt: options.halt ?? true, recentMs: options.recentMs }),
    );
    checks.push({
      id,
      ok: broken.length === 0,
      detail: broken.map((row) => textOf(row, 'detail')).join('; '),
      supervisorIds: [...new Set(broken.flatMap((row) => textOrNull(row, 'supervisorId') ?? []))],
    });
  }
  return checks;
}
