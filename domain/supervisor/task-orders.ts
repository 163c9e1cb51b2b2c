/** Orders to running task groups: a checkpoint now, a task to be replaced. */
import type { OrderReading } from './order-reading.ts';

export function readCheckpointOrder(_fields: Readonly<Record<string, unknown>>): OrderReading {
  return { kind: 'invalid', message: 'not supported yet' };
}

export function readShutdownTaskOrder(_fields: Readonly<Record<string, unknown>>): OrderReading {
  return { kind: 'invalid', message: 'not supported yet' };
}
