/**
 * Versions in the order of Maven: `1.9` before `1.10`, `1.0-rc1` before `1.0`, `1.0` equal to `1`.
 *
 * A version is a list of numbers, words and lists; a hyphen, and a change from word to number, begins a new list.
 */
type Item = string | bigint | readonly Item[];

/** Words that have a place of their own; '' is the release. */
const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const aliases: ReadonlyMap<string, string> = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
]);
const shortWords: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

/** Versions longer than this are compared by their beginnings. */
const maxLength = 256;

export function compareVersions(left: string, right: string): number {
  return compareItems(versionOf(left), versionOf(right));
}

function versionOf(text: string): readonly Item[] {
  const top: Item[] = [];
  let list = top;
  const open = (): void => {
    const next: Item[] = [];
    list.push(next);
    list = next;
  };
  const tokens =
    text
      .slice(0, maxLength)
      .toLowerCase()
      .match(/\d+|[^\d.-]+|[.-]/g) ?? [];
  let previous = '.';
  tokens.forEach((token, at) => {
    const isNumber = /^\d/.test(token);
    if (token === '.' || token === '-') {
      if (previous === '.' || previous === '-') list.push(0n);
      if (token === '-') open();
    } else if (isNumber) {
      if (/^[^\d.-]/.test(previous)) open();
      list.push(BigInt(token));
    } else {
      if (/^\d/.test(previous)) open();
      list.push(wordOf(token, /^\d/.test(tokens[at + 1] ?? '')));
    }
    previous = token;
  });
  return normal(top);
}

function wordOf(word: string, isBeforeNumber: boolean): string {
  const long = isBeforeNumber ? (shortWords.get(word) ?? word) : word;
  return aliases.get(long) ?? long;
}

/** Without what adds nothing at the end of each list: zeros, releases, empty lists. */
function normal(items: readonly Item[]): readonly Item[] {
  const result = items.map((item) => (isList(item) ? normal(item) : item));
  for (let at = result.length - 1; at >= 0; at--) {
    const item = result[at];
    if (item !== undefined && isNothing(item)) result.splice(at, 1);
    else if (item === undefined || !isList(item)) break;
  }
  return result;
}

function isList(item: Item): item is readonly Item[] {
  return Array.isArray(item);
}

function isNothing(item: Item): boolean {
  return isList(item) ? item.length === 0 : item === 0n || item === '';
}

/** Undefined: the other version is longer. */
function compareItems(left: Item | undefined, right: Item | undefined): number {
  if (left === undefined) return right === undefined ? 0 : 0 - compareItems(right, undefined);
  if (right === undefined) return compareToNothing(left);
  const [one, other] = [rankOf(left), rankOf(right)];
  if (one !== other) return one - other;
  if (isList(left) && isList(right)) return compareLists(left, right);
  if (typeof left === 'string' && typeof right === 'string') return compareWords(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Words before lists before numbers. */
function rankOf(item: Item): number {
  return typeof item === 'string' ? 0 : isList(item) ? 1 : 2;
}

function compareToNothing(item: Item): number {
  if (typeof item === 'string') return compareWords(item, '');
  if (!isList(item)) return item === 0n ? 0 : 1;
  for (const inner of item) {
    const result = compareToNothing(inner);
    if (result !== 0) return result;
  }
  return 0;
}

function compareLists(left: readonly Item[], right: readonly Item[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const result = compareItems(left[at], right[at]);
    if (result !== 0) return result;
  }
  return 0;
}

function compareWords(left: string, right: string): number {
  const [one, other] = [placeOf(left), placeOf(right)];
  if (one !== other) return one - other;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Other words come after all that are known. */
function placeOf(word: string): number {
  const place = qualifiers.indexOf(word);
  return place === -1 ? qualifiers.length : place;
}
