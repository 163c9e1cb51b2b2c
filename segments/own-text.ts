/** The same text in one piece of memory of its own: a slice of a record's text would keep all of that record alive. */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
