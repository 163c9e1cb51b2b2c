/**
 * `String.format` of Java for what expressions have: texts, whole numbers and doubles. A pattern that does not fit its
 * arguments gives, as in Druid, the pattern itself with the arguments behind it.
 */
import { ExpressionFailure } from './failure.ts';
import { doubleDigits } from './java-format-double.ts';
import { spend, type Scope } from './scope.ts';
import { DOUBLE, LONG } from './expression-types.ts';
import { asDouble, asLong, asText, type Value } from './values.ts';

type Specifier = {
  readonly flags: ReadonlySet<string>;
  readonly width: number | null;
  readonly precision: number | null;
  /** In lower case. */
  readonly conversion: string;
  readonly isUpper: boolean;
};

const specifier = /%(?:(\d{1,9})\$)?([-#+ 0,(<]*)([1-9]\d{0,8})?(?:\.(\d{1,9}))?([tT]?)([a-zA-Z%])|%/g;

export function javaFormat(pattern: string, args: readonly Value[], scope: Scope): string {
  if (args.length === 0) return pattern;
  spend(scope, pattern.length);
  return formatted(pattern, args, scope) ?? [pattern, ...args.map(textOf)].join('; ');
}

/** Null: the pattern is none, or does not fit. */
function formatted(pattern: string, args: readonly Value[], scope: Scope): string | null {
  let result = '';
  let end = 0;
  let ordinary = 0;
  let last = -1;
  for (const match of pattern.matchAll(specifier)) {
    const [all, index, flags = '', width, precision, time, letter] = match;
    if (letter === undefined) return null;
    if (time !== '') throw new ExpressionFailure('format() has no %t here; use timestamp_format()');
    const parts: Specifier = {
      flags: new Set(flags),
      width: width === undefined ? null : Number(width),
      precision: precision === undefined ? null : Number(precision),
      conversion: letter.toLowerCase(),
      isUpper: letter !== letter.toLowerCase(),
    };
    if (new Set(flags).size !== flags.length) return null;
    result += pattern.slice(end, match.index);
    end = match.index + all.length;
    spend(scope, (parts.width ?? 0) + (parts.precision ?? 0) + 1);
    let text: string | null;
    if (letter === '%' || letter === 'n') text = signOf(parts);
    else {
      const at = parts.flags.has('<') ? last : index === undefined ? ordinary++ : Number(index) - 1;
      last = at;
      const arg = args[at];
      text = arg === undefined ? null : converted(parts, arg);
    }
    if (text === null) return null;
    spend(scope, text.length);
    result += text;
  }
  return result + pattern.slice(end);
}

function signOf(parts: Specifier): string | null {
  if (parts.conversion === 'n') return parts.width === null && parts.flags.size === 0 ? '\n' : null;
  if (parts.precision !== null || [...parts.flags].some((flag) => flag !== '-')) return null;
  return aligned(parts, '%');
}

function converted(parts: Specifier, arg: Value): string | null {
  switch (parts.conversion) {
    case 's':
      return parts.flags.has('#') ? null : general(parts, textOf(arg));
    case 'b':
      return parts.flags.has('#') ? null : general(parts, arg.value === null ? 'false' : 'true');
    case 'd':
    case 'x':
    case 'o':
      return arg.value !== null && arg.type !== LONG ? null : integer(parts, arg);
    case 'e':
    case 'f':
    case 'g':
      return arg.value !== null && arg.type !== DOUBLE ? null : double(parts, arg);
    case 'c':
      return arg.value === null ? general(parts, 'null') : null;
    case 'h':
    case 'a':
      throw new ExpressionFailure(`format() has no %${parts.conversion} here`);
    default:
      return null;
  }
}

function textOf(arg: Value): string {
  return asText(arg) ?? 'null';
}

function general(parts: Specifier, text: string): string | null {
  if (['+', ' ', '0', ',', '('].some((flag) => parts.flags.has(flag))) return null;
  return aligned(parts, parts.precision === null ? text : text.slice(0, parts.precision));
}

/** To the width, with blanks; null when a flag asks for a width that is not there. */
function aligned({ flags, width, isUpper }: Specifier, text: string): string | null {
  const shown = isUpper ? text.toUpperCase() : text;
  if (width === null) return flags.has('-') ? null : shown;
  return flags.has('-') ? shown.padEnd(width) : shown.padStart(width);
}

function isWrongNumber({ flags, width }: Specifier): boolean {
  if ((flags.has('-') || flags.has('0')) && width === null) return true;
  return (flags.has('-') && flags.has('0')) || (flags.has('+') && flags.has(' '));
}

function integer(parts: Specifier, arg: Value): string | null {
  const { flags, conversion } = parts;
  if (parts.precision !== null || isWrongNumber(parts) || (conversion === 'd' && parts.isUpper)) return null;
  if (conversion === 'd' && flags.has('#')) return null;
  if (conversion !== 'd' && ['+', ' ', ',', '('].some((flag) => flags.has(flag))) return null;
  if (arg.value === null) return aligned(parts, 'null');
  const value = BigInt(asLong(arg));
  if (conversion === 'd') return signed(parts, value < 0n, String(value < 0n ? -value : value));
  const digits = BigInt.asUintN(64, value).toString(conversion === 'x' ? 16 : 8);
  const prefix = flags.has('#') ? (conversion === 'x' ? '0x' : '0') : '';
  const zeros = flags.has('0') ? Math.max(0, (parts.width ?? 0) - prefix.length - digits.length) : 0;
  return aligned(parts, `${prefix}${'0'.repeat(zeros)}${digits}`);
}

function double(parts: Specifier, arg: Value): string | null {
  const { flags, conversion } = parts;
  if (isWrongNumber(parts) || (conversion === 'f' && parts.isUpper)) return null;
  if ((conversion === 'e' && flags.has(',')) || (conversion === 'g' && flags.has('#'))) return null;
  if (arg.value === null) return aligned(parts, 'null');
  const value = asDouble(arg);
  const isNegative = value < 0 || Object.is(value, -0);
  if (Number.isFinite(value)) {
    const digits = doubleDigits(conversion as 'e' | 'f' | 'g', Math.abs(value), parts.precision);
    return signed(parts, isNegative, flags.has('#') && !digits.includes('.') ? `${digits}.` : digits);
  }
  if (Number.isNaN(value)) return aligned(parts, 'NaN');
  return signed(
    { ...parts, flags: new Set([...flags].filter((flag) => flag !== '0')) },
    isNegative,
    'Infinity',
  );
}

/** Sign, grouping and leading zeros around the digits. */
function signed(parts: Specifier, isNegative: boolean, digits: string): string | null {
  const { flags, width } = parts;
  const inBrackets = isNegative && flags.has('(');
  const before = inBrackets ? '(' : isNegative ? '-' : flags.has('+') ? '+' : flags.has(' ') ? ' ' : '';
  const after = inBrackets ? ')' : '';
  const grouped = flags.has(',') ? digits.replace(/^\d+/, (whole) => inThrees(whole)) : digits;
  const zeros = flags.has('0')
    ? Math.max(0, (width ?? 0) - before.length - after.length - grouped.length)
    : 0;
  return aligned(parts, `${before}${'0'.repeat(zeros)}${grouped}${after}`);
}

function inThrees(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
