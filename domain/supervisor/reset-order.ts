/** Orders that move positions: what Druid's bodies say, checked as far as it can be without the stream (druid.md 2.6). */
import type { OrderReading } from './order-reading.ts';

export function readResetOrder(_fields: Readonly<Record<string, unknown>>): OrderReading {
  return { kind: 'invalid', message: 'not supported yet' };
}

export function readResetOffsetsOrder(_fields: Readonly<Record<string, unknown>>): OrderReading {
  return { kind: 'invalid', message: 'not supported yet' };
}

export function readBackfillOrder(_fields: Readonly<Record<string, unknown>>): OrderReading {
  return { kind: 'invalid', message: 'not supported yet' };
}
