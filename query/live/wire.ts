/**
 * The header of an answer to `POST /live`, checked before anything of it is believed: a worker that says what it
 * cannot know about the sequence, or lists more than the bounds, is not used.
 */
import * as z from 'zod';
import { messageOf } from '../../domain/errors.ts';
import { type Position, type Positions, comparePositions, toPosition } from '../../domain/positions.ts';
import type { LiveSequence } from '../../storage/live-sequences.ts';

const columnSchema = z.object({
  name: z.string().max(65_536),
  field: z.string().max(65_536),
  type: z.string().max(200),
  role: z.enum(['time', 'dimension', 'discovered', 'metric']),
  merge: z.enum(['sum', 'min', 'max', 'first', 'last', 'any', 'hll', 'quantiles']).nullable(),
});

const pieceSchema = z.object({
  id: z.string().min(1).max(100),
  rows: z.int().nonnegative(),
  bytes: z.int().positive(),
  wide: z.boolean(),
  columns: z.array(columnSchema).max(20_000),
});

const positionsSchema = z.record(z.string(), z.string().regex(/^(0|[1-9][0-9]{0,99})$/));

const sequenceSchema = z.discriminatedUnion('state', [
  z.object({
    sequenceId: z.string(),
    state: z.literal('held'),
    positions: positionsSchema,
    ends: positionsSchema.nullable(),
    rollup: z.boolean(),
    pieces: z.array(pieceSchema),
    sent: z.array(z.string()),
  }),
  z.object({ sequenceId: z.string(), state: z.literal('published') }),
  z.object({
    sequenceId: z.string(),
    state: z.literal('refused'),
    reason: z.enum(['epoch', 'unknown']),
  }),
]);

const headerSchema = z.object({ sequences: z.array(sequenceSchema).length(1) });

export type LiveColumn = Readonly<z.infer<typeof columnSchema>>;
export type PieceHeader = Readonly<z.infer<typeof pieceSchema>>;

export type HeldHeader = {
  readonly state: 'held';
  /** Every row below is in the pieces, none at or beyond. */
  readonly positions: Positions;
  readonly ends: Positions | null;
  readonly rollup: boolean;
  readonly pieces: readonly PieceHeader[];
  /** Whose bytes follow, in this order. */
  readonly sent: readonly PieceHeader[];
};

export type SequenceHeader =
  | HeldHeader
  | { readonly state: 'published' }
  | { readonly state: 'refused'; readonly reason: 'epoch' | 'unknown' };

/** What a worker says that it cannot mean. */
export class NonsenseError extends Error {
  override readonly name = 'NonsenseError';
}

export function parseHeader(bytes: Uint8Array, sequence: LiveSequence, piecesMax: number): SequenceHeader {
  const found = parsed(bytes).sequences[0];
  if (found?.sequenceId !== sequence.sequenceId)
    throw new NonsenseError(`asked for sequence ${sequence.sequenceId}, the answer is about another`);
  switch (found.state) {
    case 'published':
      return { state: 'published' };
    case 'refused':
      return { state: 'refused', reason: found.reason };
    case 'held': {
      const { rollup, pieces } = found;
      if (pieces.length > piecesMax)
        throw new NonsenseError(`${pieces.length} pieces in an answer, at most ${piecesMax} may be`);
      const byId = new Map(pieces.map((piece) => [piece.id, piece]));
      if (byId.size !== pieces.length) throw new NonsenseError('two pieces of one id');
      return {
        state: 'held',
        positions: positionsFrom(found.positions, sequence),
        ends: found.ends === null ? null : positionsFrom(found.ends, sequence),
        rollup,
        pieces,
        sent: sentOf(found.sent, byId),
      };
    }
  }
}

function parsed(bytes: Uint8Array): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw new NonsenseError(`the header is malformed: ${messageOf(error).slice(0, 500)}`, { cause: error });
  }
}

/** Exactly the partitions of the sequence, none before its start. */
function positionsFrom(given: Record<string, string>, sequence: LiveSequence): Positions {
  const partitions = Object.entries(sequence.partitions);
  if (Object.keys(given).length !== partitions.length)
    throw new NonsenseError(`positions of ${Object.keys(given).length} partitions, of ${partitions.length}`);
  return Object.fromEntries(
    partitions.map(([partition, { start }]): [string, Position] => {
      const text = given[partition];
      if (text === undefined) throw new NonsenseError(`no position of partition ${partition}`);
      const position = toPosition(text);
      if (comparePositions(position, start) < 0)
        throw new NonsenseError(`partition ${partition} is at ${position}, before its start ${start}`);
      return [partition, position];
    }),
  );
}

function sentOf(ids: readonly string[], byId: ReadonlyMap<string, PieceHeader>): PieceHeader[] {
  if (new Set(ids).size !== ids.length) throw new NonsenseError('a piece is sent twice');
  return ids.map((id) => {
    const piece = byId.get(id);
    if (piece === undefined) throw new NonsenseError('a piece is sent that is not listed');
    return piece;
  });
}
