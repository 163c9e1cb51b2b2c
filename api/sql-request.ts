/** Druid's body of `POST /druid/v2/sql` as a query, every problem named. Properties we do not know are ignored, as in Druid. */
import { HeadgateError } from '../domain/errors.ts';
import type { Query } from '../query/engine.ts';
import { resultFormats } from '../query/messages.ts';
import type { QueryParameter, ResultFormat } from '../query/messages.ts';
import { isTimeZone } from '../query/zoned-time.ts';

type Fields = { readonly [key: string]: unknown };

export type SqlRequest = Query & { readonly hasHeader: boolean };

export function readSqlRequest(raw: unknown): SqlRequest {
  const problems: string[] = [];
  const fields = isObject(raw) ? raw : {};
  if (!isObject(raw)) problems.push(`body: found ${shown(raw)}, expected an object with "query"`);
  const sql = own(fields, 'query');
  if (isObject(raw) && typeof sql !== 'string')
    problems.push(`query: found ${shown(sql)}, expected the SQL statement as a string`);
  const context = readContext(own(fields, 'context'), problems);
  const result = {
    format: readFormat(own(fields, 'resultFormat'), problems),
    header: readFlag(fields, 'header', problems),
    typesHeader: readFlag(fields, 'typesHeader', problems),
    sqlTypesHeader: readFlag(fields, 'sqlTypesHeader', problems),
    stringifyArrays: context.stringifyArrays,
  };
  if ((result.typesHeader || result.sqlTypesHeader) && !result.header)
    problems.push(
      'typesHeader and sqlTypesHeader: found true without header, expected header to be true too',
    );
  const parameters = readParameters(own(fields, 'parameters'), problems);
  if (problems.length > 0) throw new HeadgateError('REQUEST_INVALID', problems.join('; '));
  const { stringifyArrays: _written, ...rest } = context;
  return { sql: String(sql), result, parameters, hasHeader: result.header, ...rest };
}

type Context = {
  readonly id: string | undefined;
  readonly timeoutMs: number | null;
  readonly outerLimit: number | null;
  readonly timeZone: string;
  readonly approximateCountDistinct: boolean;
  readonly stringifyArrays: boolean;
  readonly publishedOnly: boolean;
};

function readContext(value: unknown, problems: string[]): Context {
  const isGiven = value !== undefined && value !== null;
  if (isGiven && !isObject(value)) problems.push(`context: found ${shown(value)}, expected an object`);
  const context = isObject(value) ? value : {};
  const timeout = readWhole(context, 'timeout', problems);
  return {
    id: readId(context, problems),
    // Druid's 0 is "no timeout"; here it is the longest there is.
    timeoutMs: timeout === 0 ? Number.MAX_SAFE_INTEGER : timeout,
    outerLimit: readWhole(context, 'sqlOuterLimit', problems),
    timeZone: readTimeZone(context, problems),
    approximateCountDistinct: readSwitch(
      context,
      'useApproximateCountDistinct',
      { fallback: true },
      problems,
    ),
    stringifyArrays: readSwitch(context, 'sqlStringifyArrays', { fallback: true }, problems),
    publishedOnly: readSwitch(context, 'publishedOnly', { fallback: false }, problems),
  };
}

function readId(context: Fields, problems: string[]): string | undefined {
  const id = own(context, 'sqlQueryId') ?? own(context, 'queryId');
  if (id === undefined || id === null) return undefined;
  if (typeof id === 'string' && /^[\w.:-]{1,200}$/.test(id)) return id;
  problems.push(`context.sqlQueryId: found ${shown(id)}, expected letters, digits, ".", ":", "_" and "-"`);
  return undefined;
}

function readTimeZone(context: Fields, problems: string[]): string {
  const zone = own(context, 'sqlTimeZone');
  if (zone === undefined || zone === null) return 'UTC';
  if (typeof zone === 'string' && zone.length <= 64 && isTimeZone(zone)) return zone;
  problems.push(
    `context.sqlTimeZone: found ${shown(zone)}, expected the name of a time zone such as America/Los_Angeles`,
  );
  return 'UTC';
}

/** Drivers send booleans as strings too. */
function readSwitch(
  context: Fields,
  name: string,
  { fallback }: { readonly fallback: boolean },
  problems: string[],
): boolean {
  const value = own(context, name);
  if (value === undefined || value === null) return fallback;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  problems.push(`context.${name}: found ${shown(value)}, expected true or false`);
  return fallback;
}

/** Console and drivers send numbers as strings too. */
function readWhole(context: Fields, name: string, problems: string[]): number | null {
  const value = own(context, name);
  if (value === undefined || value === null) return null;
  const isText = typeof value === 'string' || typeof value === 'number';
  if (isText && /^\d{1,15}$/.test(String(value))) return Number(value);
  problems.push(`context.${name}: found ${shown(value)}, expected a whole number of 0 or more`);
  return null;
}

function readFormat(value: unknown, problems: string[]): ResultFormat {
  if (value === undefined || value === null) return 'object';
  const format = resultFormats.find(
    (known) => typeof value === 'string' && known.toLowerCase() === value.toLowerCase(),
  );
  if (format === undefined)
    problems.push(`resultFormat: found ${shown(value)}, expected one of ${resultFormats.join(', ')}`);
  return format ?? 'object';
}

function readFlag(fields: Fields, name: string, problems: string[]): boolean {
  const value = own(fields, name);
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  problems.push(`${name}: found ${shown(value)}, expected true or false`);
  return false;
}

function readParameters(value: unknown, problems: string[]): QueryParameter[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > 1000) {
    problems.push(`parameters: found ${shown(value)}, expected an array of at most 1000 {"type", "value"}`);
    return [];
  }
  return value.flatMap((item: unknown, index): QueryParameter[] => {
    const type = isObject(item) ? own(item, 'type') : undefined;
    const content = isObject(item) ? own(item, 'value') : undefined;
    if (typeof type === 'string' && isScalar(content)) return [{ type, value: content }];
    problems.push(
      `parameters[${index}]: found ${shown(item)}, expected {"type": a SQL type, "value": a string, number, boolean or null}`,
    );
    return [];
  });
}

function isScalar(value: unknown): value is QueryParameter['value'] {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
