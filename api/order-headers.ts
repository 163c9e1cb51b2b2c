/** What a caller may say about an order: its own id for it, and who he is. */
import { HeadgateError } from '../domain/errors.ts';
import type { Request } from './routes.ts';

const nameLengthMax = 100;

/** Null: none is given, and a new one is made. Throws REQUEST_INVALID. */
export function commandIdOf(request: Request): string | null {
  const id = headerOf(request, 'x-headgate-command-id');
  if (id === null) return null;
  if (!/^[\x21-\x7e]{1,200}$/.test(id))
    throw new HeadgateError(
      'REQUEST_INVALID',
      `x-headgate-command-id: found ${JSON.stringify(id.slice(0, 60))}, expected 1 to 200 letters, digits or signs without blanks`,
    );
  return id;
}

/** For people: nothing is allowed or refused by it. */
export function callerOf(request: Request): string {
  const name = headerOf(request, 'x-headgate-by')
    ?.replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, nameLengthMax);
  return name ? name : 'api';
}

function headerOf(request: Request, name: string): string | null {
  const value = request.headers[name];
  return value === undefined ? null : String(Array.isArray(value) ? value[0] : value);
}
