/** Functions that look for patterns in texts. Regular expressions run in linear time (re2js), whoever wrote them. */
import { RE2JS, RE2JSException } from 're2js';
import { CompileProblem } from '../compile-problem.ts';
import { toRe2 } from '../java-pattern-syntax.ts';
import { ExpressionFailure } from './failure.ts';
import { literalText, ofValues, prepared, type Compiled, type FunctionTable } from './functions.ts';
import { likePattern } from './like-pattern.ts';
import { spend, type Scope } from './scope.ts';
import { arrayOf, LONG, STRING } from './expression-types.ts';
import { asText, nullLong, nullString, ofArray, ofBoolean, ofString } from './values.ts';

export const patternFunctions: FunctionTable = {
  like: prepared(
    [2, 3],
    LONG,
    (args) => {
      const pattern = literalText(args, 1, 'like() takes a pattern');
      const escape = literalText(args, 2, 'like() takes an escape character');
      if (escape !== null && escape.length !== 1)
        throw new CompileProblem('like() takes one character as its escape character');
      return pattern === null ? null : likePattern(pattern, escape);
    },
    (matches, [value = nullString]) => {
      const text = asText(value);
      return text === null || matches === null ? nullLong : ofBoolean(matches(text));
    },
  ),
  contains_string: contains('contains_string', (text, part) => text.includes(part)),
  icontains_string: contains('icontains_string', (text, part) => folded(text).includes(folded(part))),
  regexp_extract: prepared(
    [2, 3],
    STRING,
    (args) => {
      const pattern = writtenRegex(args, 'regexp_extract');
      const group = writtenGroup(args);
      if (pattern !== null && group > pattern.groupCount())
        throw new CompileProblem(
          `regexp_extract() takes a group from 0 to ${pattern.groupCount()}, found ${group}`,
        );
      return { pattern, group };
    },
    ({ pattern, group }, [value = nullString]) => {
      const text = asText(value);
      if (text === null || pattern === null) return nullString;
      const matcher = pattern.matcher(text);
      return matcher.find() ? ofString(matcher.group(group) ?? null) : nullString;
    },
  ),
  regexp_like: prepared(
    [2, 2],
    LONG,
    (args) => writtenRegex(args, 'regexp_like'),
    (pattern, [value = nullString]) => {
      const text = asText(value);
      return text === null || pattern === null ? nullLong : ofBoolean(pattern.matcher(text).find());
    },
  ),
  regexp_replace: {
    min: 3,
    max: 3,
    build: (args, name, context) => {
      // A broken pattern that is written out is refused with the spec.
      if (args[1]?.written === 'literal') writtenRegex(args, name);
      return replaceFunction.build(args, name, context);
    },
  },
  string_to_array: ofValues([2, 2], arrayOf(STRING), ([value = nullString, by = nullString], scope) => {
    const text = asText(value);
    return text === null ? nullString : ofArray(arrayOf(STRING), split(text, asText(by) ?? '', scope));
  }),
};

const replaceFunction = ofValues(
  [3, 3],
  STRING,
  ([value = nullString, pattern = nullString, by = nullString], scope) => {
    const [text, regex, replacement] = [asText(value), asText(pattern), asText(by)];
    if (text === null || regex === null || replacement === null) return nullString;
    return ofString(replaced(text, compiledRegex(regex), replacement, scope));
  },
);

function contains(name: string, test: (text: string, part: string) => boolean): FunctionTable[string] {
  return prepared(
    [2, 2],
    LONG,
    (args) => literalText(args, 1, `${name}() takes what to look for`) ?? '',
    (part, [value = nullString]) => {
      const text = asText(value);
      return text === null ? nullLong : ofBoolean(test(text, part));
    },
  );
}

/** Letter by letter, as Java compares without case. */
function folded(text: string): string {
  return text.replace(/[^\x00-\x7f]|[A-Z]/g, (letter) => {
    const upper = letter.toUpperCase();
    const lower = (upper.length === 1 ? upper : letter).toLowerCase();
    return lower.length === 1 ? lower : letter;
  });
}

function writtenRegex(args: readonly Compiled[], name: string): RE2JS | null {
  const text = literalText(args, 1, `${name}() takes a pattern`);
  if (text === null) return null;
  try {
    return compiledRegex(text);
  } catch (error) {
    if (error instanceof ExpressionFailure) throw new CompileProblem(error.message);
    throw error;
  }
}

function writtenGroup(args: readonly Compiled[]): number {
  const group = args[2];
  if (group === undefined) return 0;
  const value = group.written === 'literal' ? group.constant?.value : undefined;
  if (typeof value !== 'number')
    throw new CompileProblem('regexp_extract() takes the number of a group, written out');
  return value;
}

const maxPattern = 4096;
/** Patterns come from records too: the memory of them is bounded. */
const maxCompiled = 200;
const compiled = new Map<string, RE2JS>();

function compiledRegex(text: string): RE2JS {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (text.length > maxPattern)
    throw new ExpressionFailure(
      `a regular expression has ${text.length} characters; at most ${maxPattern} are read`,
    );
  const made = madeRegex(text);
  if (compiled.size >= maxCompiled) compiled.clear();
  compiled.set(text, made);
  return made;
}

function madeRegex(text: string): RE2JS {
  const translated = toRe2(text);
  if ('cannot' in translated)
    throw new ExpressionFailure(
      `a regular expression has ${translated.cannot}, which cannot be done in linear time and is not supported`,
    );
  try {
    return RE2JS.compile(translated.pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new ExpressionFailure(`a regular expression does not compile: ${error.message.slice(0, 120)}`);
  }
}

/** `Matcher.replaceAll`: `$1`, `${name}` and `\$` in the replacement. */
function replaced(text: string, pattern: RE2JS, replacement: string, scope: Scope): string {
  const parts = replacementParts(replacement, pattern.groupCount());
  const matcher = pattern.matcher(text);
  let result = '';
  let end = 0;
  while (matcher.find()) {
    let made = text.slice(end, matcher.start());
    for (const part of parts)
      made += typeof part === 'string' ? part : (matcher.group(part.group as number) ?? '');
    spend(scope, made.length + 1);
    result += made;
    end = matcher.end();
  }
  return end === 0 && result === '' ? text : result + text.slice(end);
}

type ReplacementPart = string | { readonly group: number | string };

function replacementParts(replacement: string, groups: number): readonly ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  for (let at = 0; at < replacement.length;) {
    const character = replacement.charAt(at);
    if (character === '\\') {
      if (at + 1 === replacement.length)
        throw new ExpressionFailure('a replacement ends with a backslash that escapes nothing');
      parts.push(replacement.charAt(at + 1));
      at += 2;
    } else if (character === '$') {
      const [group, end] = groupReference(replacement, at, groups);
      parts.push({ group });
      at = end;
    } else {
      const end = /[\\$]|$/.exec(replacement.slice(at))?.index ?? replacement.length;
      parts.push(replacement.slice(at, at + end));
      at += end;
    }
  }
  return parts;
}

/** As many digits as still name a group. */
function groupReference(replacement: string, at: number, groups: number): readonly [number | string, number] {
  const named = /^\$\{([a-zA-Z][a-zA-Z0-9]*)\}/.exec(replacement.slice(at, at + 256));
  if (named !== null) return [named[1] ?? '', at + named[0].length];
  const first = replacement.charAt(at + 1);
  if (!/^[0-9]$/.test(first) || Number(first) > groups)
    throw new ExpressionFailure(
      `a replacement refers to a group that its pattern does not have: ${replacement.slice(at, at + 8)}`,
    );
  let group = Number(first);
  let end = at + 2;
  while (/^[0-9]$/.test(replacement.charAt(end)) && group * 10 + Number(replacement.charAt(end)) <= groups) {
    group = group * 10 + Number(replacement.charAt(end));
    end += 1;
  }
  return [group, end];
}

/** `String.split`: no empty texts at the end, and none at the start that an empty match makes. */
function split(text: string, by: string, scope: Scope): string[] {
  const matcher = compiledRegex(by).matcher(text);
  const parts: string[] = [];
  let from = 0;
  while (matcher.find()) {
    spend(scope, 1);
    const [start, end] = [matcher.start(), matcher.end()];
    if (end === 0 || (start === end && start === text.length)) continue;
    parts.push(text.slice(from, start));
    from = end;
  }
  if (parts.length === 0) return [text];
  parts.push(text.slice(from));
  while (parts.at(-1) === '') parts.pop();
  return parts;
}
