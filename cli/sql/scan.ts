/**
 * SQL text cut into pieces, in linear time: enough to find the `;` between statements and the names around a cursor.
 *
 * What a statement means is the server's business; here only quotes and comments must be told from the rest.
 */
export type PieceKind = 'space' | 'comment' | 'string' | 'quoted' | 'word' | 'semicolon' | 'symbol';

export type Piece = {
  readonly kind: PieceKind;
  readonly text: string;
  readonly at: number;
  /** A string, quoted name or block comment that the text ends in the middle of is not closed. */
  readonly isClosed: boolean;
};

const wordStart = /[\p{L}_$]/u;
const word = /[\p{L}\p{N}_$]*/uy;
const space = /\s+/y;

export function* scan(sql: string): Generator<Piece> {
  let at = 0;
  while (at < sql.length) {
    const piece = pieceAt(sql, at);
    yield piece;
    at += piece.text.length;
  }
}

function pieceAt(sql: string, at: number): Piece {
  const char = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  if (char === "'" || char === '"') return quotedPiece(sql, at, char);
  if (sql.startsWith('--', at)) return upTo(sql, at, 'comment', lineEnd(sql, at));
  if (sql.startsWith('/*', at)) {
    const end = sql.indexOf('*/', at + 2);
    return upTo(sql, at, 'comment', end < 0 ? sql.length : end + 2, end >= 0);
  }
  if (char === ';') return upTo(sql, at, 'semicolon', at + 1);
  if (wordStart.test(char)) return upTo(sql, at, 'word', endOf(word, sql, at));
  const spaceEnd = endOf(space, sql, at);
  if (spaceEnd > at) return upTo(sql, at, 'space', spaceEnd);
  return upTo(sql, at, 'symbol', at + char.length);
}

/** A quote inside is written twice. */
function quotedPiece(sql: string, at: number, quote: string): Piece {
  const kind = quote === '"' ? 'quoted' : 'string';
  let end = at + 1;
  for (;;) {
    end = sql.indexOf(quote, end);
    if (end < 0) return upTo(sql, at, kind, sql.length, false);
    if (sql[end + 1] !== quote) return upTo(sql, at, kind, end + 1);
    end += 2;
  }
}

function upTo(sql: string, at: number, kind: PieceKind, end: number, isClosed = true): Piece {
  return { kind, text: sql.slice(at, end), at, isClosed };
}

function lineEnd(sql: string, at: number): number {
  const end = sql.indexOf('\n', at);
  return end < 0 ? sql.length : end;
}

function endOf(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}
