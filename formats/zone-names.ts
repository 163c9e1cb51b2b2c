/**
 * Which words Java knows as time zones (`TimeZone.getAvailableIDs`): the last word of an `auto` timestamp may be one.
 * IANA names come from the runtime; the short ones Java keeps for old times are listed.
 */
const javaShortNames: ReadonlySet<string> = new Set(
  'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST'.split(
    ' ',
  ),
);

const known = new Map<string, boolean>();
/** The words come from records: the memory of them is bounded. */
const maxKnown = 1000;

export function isZoneName(word: string): boolean {
  let answer = known.get(word);
  if (answer === undefined) {
    answer = javaShortNames.has(word) || isIanaName(word);
    if (known.size >= maxKnown) known.clear();
    known.set(word, answer);
  }
  return answer;
}

/** The runtime ignores case, Java does not: a name must be written as the runtime prints it, or at least not begin small. */
function isIanaName(word: string): boolean {
  if (
    word.length > 64 ||
    !/^[A-Z][A-Za-z0-9_+/-]*$/.test(word) ||
    /^(?:GMT|UTC|UT|Z)[+-]?\d|^(?:UT|Z)$/.test(word)
  )
    return word === 'GMT0';
  try {
    const canonical = new Intl.DateTimeFormat('en', { timeZone: word }).resolvedOptions().timeZone;
    return canonical === word || canonical.toLowerCase() !== word.toLowerCase();
  } catch {
    return false;
  }
}
