/** The English words of a pattern. Joda-Time takes the short and the long form wherever a word is asked for. */
function forms(words: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [word, value] of words)
    for (const form of [word, word.toLowerCase(), word.toUpperCase()]) found.set(form, value);
  return found;
}

function shortAndLong(longNames: string, first: number): (readonly [string, number])[] {
  return longNames
    .split(' ')
    .flatMap((name, index) => [[name, first + index] as const, [name.slice(0, 3), first + index] as const]);
}

export const monthWords = forms(
  shortAndLong('January February March April May June July August September October November December', 1),
);
export const dayWords = forms(shortAndLong('Monday Tuesday Wednesday Thursday Friday Saturday Sunday', 1));
export const halfdayWords = forms([
  ['AM', 0],
  ['PM', 1],
]);
export const eraWords = forms([
  ['BC', 0],
  ['AD', 1],
  ['BCE', 0],
  ['CE', 1],
]);
