/** The supervisor a path names. An unknown one is told before anything else of a request is looked at, as in Druid. */
import { HeadgateError } from '../domain/errors.ts';
import type { Request } from './routes.ts';
import type { Store, SupervisorRow } from './store.ts';
import { unknownSupervisor } from './supervisor-specs.ts';

/** Postgres cannot hold a NUL, so no supervisor has one; anything else is simply looked up. */
export function idOf(request: Request): string {
  const id = request.params['id'] ?? '';
  if (id.includes('\0'))
    throw new HeadgateError('REQUEST_INVALID', 'supervisor id: found a NUL character, expected a name');
  return id;
}

/** Throws SUPERVISOR_UNKNOWN for an id that is not there or was terminated. */
export async function findSupervisor(store: Store, request: Request): Promise<SupervisorRow> {
  const row = await findEver(store, request);
  if (row.desired === 'terminated') throw unknownSupervisor(row.supervisorId);
  return row;
}

/** Also of a terminated one: its orders and its story stay. */
export async function findEver(store: Store, request: Request): Promise<SupervisorRow> {
  const id = idOf(request);
  const row = await store.read(id);
  if (row === null) throw unknownSupervisor(id);
  return row;
}
