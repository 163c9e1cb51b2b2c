/** `autoscale`: an outside notice to run with another number of task groups. */
import type { OrderReading } from './order-reading.ts';

export function readScaleOrder(_fields: Readonly<Record<string, unknown>>): OrderReading {
  return { kind: 'invalid', message: 'not supported yet' };
}
