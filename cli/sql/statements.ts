/** Statements out of a text of several, and what is left of it that no `;` has ended yet. */
import { scan } from './scan.ts';
import type { Piece } from './scan.ts';

export type SplitText = {
  /** Without their `;`, none of them empty; comments and line breaks stay, for the places in messages. */
  readonly statements: readonly string[];
  /** Empty when nothing but white space and comments follows the last `;`. */
  readonly rest: string;
};

export function splitStatements(text: string): SplitText {
  const statements: string[] = [];
  let start = 0;
  let hasContent = false;
  for (const piece of scan(text)) {
    if (piece.kind === 'semicolon') {
      if (hasContent) statements.push(text.slice(start, piece.at));
      start = piece.at + 1;
      hasContent = false;
    } else if (isContent(piece)) hasContent = true;
  }
  return { statements, rest: hasContent ? text.slice(start) : '' };
}

/** All of them, the last one with or without its `;`. */
export function allStatements(text: string): readonly string[] {
  const { statements, rest } = splitStatements(text);
  return rest === '' ? statements : [...statements, rest];
}

/**
 * The statement on one line, as the history keeps it. `null` when a line break is part of it: within a string or a
 * quoted name it cannot go.
 */
export function oneLine(statement: string): string | null {
  const parts: string[] = [];
  for (const piece of scan(statement)) {
    const isGap = piece.kind === 'space' || piece.text.startsWith('--');
    const hasBreak = /[\r\n]/.test(piece.text);
    if (hasBreak && !isGap && piece.kind !== 'comment') return null;
    if (!isGap && !hasBreak) parts.push(piece.text);
    else if (parts.at(-1) !== ' ') parts.push(' ');
  }
  return parts.join('').trim();
}

/** An open quote or block comment is content: its end, and with it the `;`, is still to come. */
function isContent(piece: Piece): boolean {
  return piece.kind === 'comment' ? !piece.isClosed : piece.kind !== 'space';
}
