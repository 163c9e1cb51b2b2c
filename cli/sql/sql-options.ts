/** `--param`, `--context`, `--timeout`, `--rows` and `--watch` as values; what cannot be meant is refused before anything is asked. */
import { InvalidArgumentError } from 'commander';
import type { SqlParameter } from './sql-client.ts';

const wholeTypes = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT']);
const numberTypes = new Set(['FLOAT', 'REAL', 'DOUBLE', 'DECIMAL']);
const otherTypes = new Set(['VARCHAR', 'CHAR', 'BOOLEAN', 'TIMESTAMP', 'DATE']);
const typeNames = [...wholeTypes, ...numberTypes, ...otherTypes];

/** `BIGINT:5`, `VARCHAR:a b`; a type alone is null. Each use adds one, in the order of the question marks. */
export function addParameter(text: string, before: readonly SqlParameter[] = []): SqlParameter[] {
  const colon = text.indexOf(':');
  const type = (colon < 0 ? text : text.slice(0, colon)).trim().toUpperCase();
  if (!typeNames.includes(type))
    throw new InvalidArgumentError(`Expected TYPE:VALUE, the type one of ${typeNames.join(', ')}.`);
  return [...before, { type, value: colon < 0 ? null : parameterValue(type, text.slice(colon + 1)) }];
}

function parameterValue(type: string, text: string): string | number | boolean {
  if (type === 'BOOLEAN') {
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
    throw new InvalidArgumentError('Expected BOOLEAN:true or BOOLEAN:false.');
  }
  if (wholeTypes.has(type)) {
    if (!/^[+-]?\d+$/.test(text)) throw new InvalidArgumentError(`Expected ${type}: and a whole number.`);
    // JSON numbers lose digits beyond 2^53 on the way.
    return Number.isSafeInteger(Number(text)) ? Number(text) : text;
  }
  if (numberTypes.has(type)) {
    if (text.trim() === '' || !Number.isFinite(Number(text)))
      throw new InvalidArgumentError(`Expected ${type}: and a number.`);
    return Number(text);
  }
  return text;
}

/** `sqlTimeZone=Europe/Berlin`: a value that is JSON is taken as JSON, anything else as text. */
export function addContext(
  text: string,
  before: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Expected KEY=VALUE.');
  return { ...before, [text.slice(0, equals)]: jsonOrText(text.slice(equals + 1)) };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Kept as text: the server reads it as it reads Druid's. */
export function milliseconds(text: string): string {
  if (/^\d{1,15}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected milliseconds, a whole number.');
}

export function rowLimit(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number; 0 shows all rows.');
}

export function seconds(text: string): number {
  const value = /^\d{1,6}(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value >= 0.1) return value;
  throw new InvalidArgumentError('Expected seconds, 0.1 or more.');
}
