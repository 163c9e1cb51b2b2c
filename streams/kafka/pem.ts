/** Takes PEM texts apart as people paste them: with real or written line breaks, with spaces, with words between the blocks. */

export type PemBlock = { readonly label: string; readonly text: string };

const begin = '-----BEGIN ';
const dashes = '-----';
const lineLength = 64;

/** Every block, in order, written anew. Null: a block that does not end, or holds something else than base64. Linear. */
export function pemBlocks(text: string): readonly PemBlock[] | null {
  const blocks: PemBlock[] = [];
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const labelEnd = text.indexOf(dashes, at + begin.length);
    if (labelEnd < 0) return null;
    const label = text.slice(at + begin.length, labelEnd);
    const end = `-----END ${label}-----`;
    const bodyStart = labelEnd + dashes.length;
    const bodyEnd = text.indexOf(end, bodyStart);
    if (label.length > 60 || bodyEnd < 0) return null;
    // Variables in files often have "\n" as two characters.
    const body = text.slice(bodyStart, bodyEnd).replace(/\\[nr]|\s/g, '');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return null;
    blocks.push({ label, text: `${begin}${label}-----\n${lines(body)}\n${end}\n` });
    at = bodyEnd + end.length;
  }
  return blocks;
}

function lines(body: string): string {
  const cut: string[] = [];
  for (let at = 0; at < body.length; at += lineLength) cut.push(body.slice(at, at + lineLength));
  return cut.join('\n');
}
