/** The body of `POST /live`, checked: what is missing, of the wrong kind or out of bounds is named. */
import { z } from 'zod';
import type { LiveRequest } from '../activities/ingest/live-board.ts';
import type { Position, Positions } from '../domain/positions.ts';

export class BadLiveRequest extends Error {}

const mebibyte = 1024 * 1024;
const position = z.string().regex(/^(0|[1-9][0-9]{0,99})$/, 'expected a whole number as a string');
const id = z.string().min(1).max(1_000);

const body = z.strictObject({
  taskId: id,
  epoch: z.string().regex(/^[0-9]{1,19}$/, 'expected a whole number as a string'),
  sequences: z
    .array(
      z.strictObject({
        sequenceId: id,
        atLeast: z.record(id, position).nullable().default(null),
        have: z.array(id).max(10_000).default([]),
      }),
    )
    .min(1)
    .max(256),
  waitMs: z.int().min(0).max(60_000).default(2_000),
  maxBytes: z
    .int()
    .min(1)
    .max(1024 * mebibyte)
    .default(64 * mebibyte),
});

/** Throws `BadLiveRequest`. */
export function readLiveRequest(bytes: Buffer): LiveRequest {
  const parsed = body.safeParse(jsonOf(bytes));
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new BadLiveRequest(`the body of POST /live is not valid: ${problems.join('; ')}`);
  }
  const { sequences, ...rest } = parsed.data;
  return {
    ...rest,
    sequences: sequences.map(({ atLeast, ...wish }) => ({
      ...wish,
      atLeast: atLeast as (Record<string, Position> & Positions) | null,
    })),
  };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new BadLiveRequest('the body of POST /live is not JSON');
  }
}
