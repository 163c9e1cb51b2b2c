/**
 * A pattern of `java.util.regex` in the words of RE2, or what of it RE2 cannot do.
 *
 * Rewritten: `.` and `\s` (Java's line ends and white space), `\h`, `\v`, `\R`, `\e`, `\cX`, `\uXXXX`, octal numbers, classes such as
 * `\p{Alpha}` and `\p{IsLatin}`. Refused: references back, looking around, atomic groups, possessive quantifiers, classes within
 * classes. All else is left to RE2, which refuses what it does not know.
 */
export type Re2Pattern = { readonly pattern: string } | { readonly cannot: string };

export function toRe2(source: string): Re2Pattern {
  try {
    return { pattern: new Translation(source).run() };
  } catch (error) {
    if (error instanceof Cannot) return { cannot: error.what };
    throw error;
  }
}

class Cannot extends Error {
  readonly what: string;

  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

const lineEnds = '\\n\\r\\x{85}\\x{2028}\\x{2029}';

/** What stands inside brackets for one class of Java. */
const spaces: ReadonlyMap<string, string> = new Map([
  ['s', '\\t\\n\\x0B\\f\\r '],
  ['h', ' \\t\\x{A0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}'],
  ['v', '\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}'],
]);

const punctuation = '!-/:-@\\[-`{-~';
const posix: ReadonlyMap<string, string> = new Map([
  ['Lower', 'a-z'],
  ['Upper', 'A-Z'],
  ['ASCII', '\\x00-\\x7F'],
  ['Alpha', 'a-zA-Z'],
  ['Digit', '0-9'],
  ['Alnum', 'a-zA-Z0-9'],
  ['Punct', punctuation],
  ['Graph', '!-~'],
  ['Print', ' -~'],
  ['Blank', ' \\t'],
  ['Cntrl', '\\x00-\\x1F\\x7F'],
  ['XDigit', '0-9a-fA-F'],
  ['Space', '\\t\\n\\x0B\\f\\r '],
]);

/** By the two characters after `(?`, the longer ones first. */
const groupsRefused: readonly (readonly [string, string])[] = [
  ['<=', 'looking behind, (?<=...)'],
  ['<!', 'looking behind, (?<!...)'],
  ['=', 'looking ahead, (?=...)'],
  ['!', 'looking ahead, (?!...)'],
  ['>', 'atomic groups, (?>...)'],
];

class Translation {
  readonly #source: string;
  /** With (?s) a dot is any character, in RE2 too. */
  readonly #dot: string;
  #at = 0;
  #isInClass = false;

  constructor(source: string) {
    this.#source = source;
    this.#dot = /\(\?[a-zA-Z]*s/.test(source) ? '.' : `[^${lineEnds}]`;
  }

  run(): string {
    const parts: string[] = [];
    while (this.#at < this.#source.length) parts.push(this.#next());
    return parts.join('');
  }

  #next(): string {
    const letter = this.#source.charAt(this.#at);
    if (letter === '\\') return this.#escape();
    if (this.#isInClass) return this.#classLetter(letter);
    this.#at += 1;
    if (letter === '.') return this.#dot;
    if (letter === '(') return this.#group();
    if (letter === '[') return this.#openClass();
    if (/[*+?}]/.test(letter) && this.#source.charAt(this.#at) === '+')
      throw new Cannot(`possessive quantifiers such as ${letter === '}' ? '{2}' : letter}+`);
    return letter;
  }

  #group(): string {
    const rest = this.#source.slice(this.#at, this.#at + 3);
    if (!rest.startsWith('?')) return '(';
    for (const [sign, what] of groupsRefused) if (rest.startsWith(sign, 1)) throw new Cannot(what);
    const flags =
      /^\?([a-zA-Z]*)(?:-[a-zA-Z]*)?[:)]/.exec(this.#source.slice(this.#at, this.#at + 12))?.[1] ?? '';
    const foreign = /[^ims]/.exec(flags)?.[0];
    if (foreign !== undefined) throw new Cannot(`the flag (?${foreign})`);
    // The question mark is no quantifier.
    this.#at += 1;
    return '(?';
  }

  #openClass(): string {
    this.#isInClass = true;
    const opening = /^\^?\]?/.exec(this.#source.slice(this.#at, this.#at + 2))?.[0] ?? '';
    this.#at += opening.length;
    return `[${opening}`;
  }

  #classLetter(letter: string): string {
    if (letter === '[') throw new Cannot('a class within a class, [a[b]]');
    if (letter === '&' && this.#source.charAt(this.#at + 1) === '&')
      throw new Cannot('what two classes have in common, [a&&b]');
    if (letter === ']') this.#isInClass = false;
    this.#at += 1;
    return letter;
  }

  #escape(): string {
    const letter = this.#source.charAt(this.#at + 1);
    if (letter === 'Q' && !this.#isInClass) return this.#quotation();
    this.#at += 2;
    if (/[1-9k]/.test(letter)) throw new Cannot(`references back to a group, \\${letter}`);
    if (/[GXZN]/.test(letter)) throw new Cannot(`\\${letter}`);
    const space = spaces.get(letter.toLowerCase());
    if (space !== undefined) return this.#classOf(space, letter !== letter.toLowerCase(), `\\${letter}`);
    if (letter === 'p' || letter === 'P') return this.#property(letter);
    return this.#characterEscape(letter) ?? `\\${letter}`;
  }

  /** `\Q...\E`: RE2 knows it; nothing inside is a sign. */
  #quotation(): string {
    const end = this.#source.indexOf('\\E', this.#at);
    const until = end < 0 ? this.#source.length : end + 2;
    const quoted = this.#source.slice(this.#at, until);
    this.#at = until;
    return quoted;
  }

  #classOf(inside: string, isNegated: boolean, name: string): string {
    if (!this.#isInClass) return isNegated ? `[^${inside}]` : `[${inside}]`;
    // RE2's own \S differs by one control character; the others it does not know.
    if (isNegated && name === '\\S') return name;
    if (isNegated) throw new Cannot(`${name} within a class`);
    return inside;
  }

  #property(letter: string): string {
    const name = /^\{([^}]*)\}/.exec(this.#source.slice(this.#at, this.#at + 60))?.[1];
    if (name === undefined) return `\\${letter}`;
    this.#at += name.length + 2;
    const inside = posix.get(name);
    if (inside !== undefined) return this.#classOf(inside, letter === 'P', `\\${letter}{${name}}`);
    return `\\${letter}{${name.replace(/^Is(?=.)/, '')}}`;
  }

  /** Null: RE2 reads the escape as Java does, or refuses it. */
  #characterEscape(letter: string): string | null {
    if (letter === 'R' && !this.#isInClass) return `(?:\\r\\n|[\\x0B\\f${lineEnds}])`;
    if (letter === 'e') return '\\x1B';
    if (letter === 'c') return this.#coded(/^[^]/, (found) => found.charCodeAt(0) ^ 64);
    if (letter === 'u') return this.#coded(/^[0-9a-fA-F]{4}/, (found) => Number.parseInt(found, 16));
    if (letter === '0')
      return this.#coded(/^(?:[0-3][0-7]{2}|[0-7]{1,2})/, (found) => Number.parseInt(found, 8));
    // Any other sign, also one of another script, stands for itself.
    return letter > '\x7f' ? letter : null;
  }

  #coded(form: RegExp, code: (found: string) => number): string | null {
    const found = form.exec(this.#source.slice(this.#at, this.#at + 4))?.[0];
    if (found === undefined) return null;
    this.#at += found.length;
    return `\\x{${code(found).toString(16)}}`;
  }
}
