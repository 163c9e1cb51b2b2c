/**
 * SQL's LIKE: `%` is any text, `_` one character. Linear in the text: each piece between two `%` is looked for once, from
 * where the piece before it ended.
 */

/** Whether a whole text matches. `escape` makes the character behind it stand for itself. */
export function likePattern(pattern: string, escape: string | null): (text: string) => boolean {
  const pieces = piecesOf(pattern, escape);
  const first = pieces[0] ?? [];
  if (pieces.length === 1) return (text) => matchAt(first, text, 0) === text.length;
  const last = pieces.at(-1) ?? [];
  const between = pieces.slice(1, -1).filter((piece) => piece.length > 0);
  return (text) => {
    const start = matchAt(first, text, 0);
    const end = startOfLast(last, text);
    if (start === -1 || end === -1 || end < start) return false;
    let at = start;
    for (const piece of between) {
      at = find(piece, text, at);
      if (at === -1 || at > end) return false;
    }
    return at <= end;
  };
}

/** One character each; null is any. */
type Piece = readonly (string | null)[];

function piecesOf(pattern: string, escape: string | null): readonly Piece[] {
  const pieces: (string | null)[][] = [[]];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === escape && at + 1 < characters.length) {
      at += 1;
      pieces.at(-1)?.push(characters[at] ?? '');
    } else if (character === '%') pieces.push([]);
    else pieces.at(-1)?.push(character === '_' ? null : character);
  }
  return pieces;
}

/** Where the piece ends that begins there; -1 when it does not. */
function matchAt(piece: Piece, text: string, from: number): number {
  let at = from;
  for (const wanted of piece) {
    if (wanted === null) {
      const code = text.codePointAt(at);
      if (code === undefined) return -1;
      at += code > 0xffff ? 2 : 1;
    } else if (text.startsWith(wanted, at)) at += wanted.length;
    else return -1;
  }
  return at;
}

/** Where the first such piece ends. */
function find(piece: Piece, text: string, from: number): number {
  if (!piece.includes(null)) {
    const whole = piece.join('');
    const at = text.indexOf(whole, from);
    return at === -1 ? -1 : at + whole.length;
  }
  for (let at = from; at <= text.length; at += 1) {
    const end = matchAt(piece, text, at);
    if (end !== -1) return end;
  }
  return -1;
}

/** Where the last piece begins at the end of the text; -1 when it does not. */
function startOfLast(piece: Piece, text: string): number {
  let at = text.length;
  for (const wanted of [...piece].reverse()) {
    const character = wanted ?? characterBefore(text, at);
    if (character === '' || !text.endsWith(character, at)) return -1;
    at -= character.length;
    if (at < 0) return -1;
  }
  return at;
}

function characterBefore(text: string, at: number): string {
  const pair = text.slice(Math.max(0, at - 2), at);
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) ? pair : text.slice(Math.max(0, at - 1), at);
}
