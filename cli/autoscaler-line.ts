/** What the server says of an autoscaler, in one sentence; null: the supervisor has none. */
import { isObject } from './client.ts';
import { printable } from './sql/display-width.ts';

export function autoscalerLine(autoscaler: unknown): string | null {
  const line = isObject(autoscaler) ? autoscaler['line'] : null;
  return typeof line === 'string' ? printable(line) : null;
}
