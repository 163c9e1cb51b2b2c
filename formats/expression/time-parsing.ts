/** Texts to instants on the clocks of a zone, unless the text names its own offset. */
import { instantOfLocal, localExists, utc, type TimeZone } from '../../domain/time-zones.ts';
import { parseIsoTime, type IsoForm } from '../iso-time.ts';
import { compileTimePattern } from '../time-pattern/compile.ts';
import { readTokens } from '../time-pattern/tokens.ts';

/** Milliseconds, or null when the text is no such time. */
export type TimeParser = (text: string) => number | null;

/**
 * `pattern` null: ISO 8601 or as SQL writes it; `iso`: ISO 8601 alone; else a pattern of Joda-Time. Throws `CompileProblem`.
 */
export function timeParser(pattern: string | null, zone: TimeZone, presentYear: number): TimeParser {
  if (pattern === null) return isoParser('auto', zone);
  if (pattern === 'iso') return isoParser('strict', zone);
  const parse = compileTimePattern(pattern, presentYear);
  if (zone === utc || namesZone(pattern)) return parse;
  return (text) => onClocks(parse(text), zone);
}

function namesZone(pattern: string): boolean {
  return readTokens(pattern).some(
    (token) => token.kind === 'letters' && (token.letter === 'z' || token.letter === 'Z'),
  );
}

function isoParser(form: IsoForm, zone: TimeZone): TimeParser {
  return (text) => {
    const ms = parseIsoTime(text, form);
    if (ms === null || zone === utc) return ms;
    return hasOffset(text, form) ? ms : onClocks(ms, zone);
  };
}

/** A text with an offset takes no second one. */
function hasOffset(text: string, form: IsoForm): boolean {
  const separator = form === 'auto' ? /[tT ]/ : /[tT]/;
  return separator.test(text) && parseIsoTime(`${text}Z`, form) === null;
}

/** A time that the clocks skip is none. */
function onClocks(localMs: number | null, zone: TimeZone): number | null {
  if (localMs === null || Number.isNaN(localMs) || !localExists(zone, localMs)) return null;
  return instantOfLocal(zone, localMs);
}
