/** Functions of nested data. */
import { CompileProblem } from '../compile-problem.ts';
import { JsonTextError, parseJsonValue, type JsonObject, type JsonValue } from '../json-text.ts';
import { ExpressionFailure } from './failure.ts';
import {
  evaluation,
  literalText,
  ofValues,
  type Compiled,
  type FunctionDefinition,
  type FunctionTable,
} from './functions.ts';
import { inHashOrder, jsonOutput } from './json-output.ts';
import { findAt, parseJsonPath, pathText, type PathPart } from './json-path.ts';
import { spend, type Scope } from './scope.ts';
import {
  arrayOf,
  elementOf,
  isPrimitive,
  JSON_TYPE,
  STRING,
  typeOfName,
  type ExprType,
} from './expression-types.ts';
import {
  asArray,
  asText,
  bestEffort,
  castTo,
  nullString,
  ofArray,
  ofJson,
  ofString,
  ofType,
  rawOf,
  type Value,
} from './values.ts';

const stringArray = arrayOf(STRING);
const jsonArray = arrayOf(JSON_TYPE);

export const jsonFunctions: FunctionTable = {
  json_object: {
    min: 0,
    max: null,
    build: (args) => {
      if (args.length % 2 !== 0)
        throw new CompileProblem(
          `json_object() takes names and values in turn, found ${args.length} arguments`,
        );
      return { evaluate: evaluation(args, jsonObject), type: () => JSON_TYPE };
    },
  },
  to_json_string: ofValues([1, 1], STRING, ([value = nullString], scope) =>
    value.value === null ? nullString : ofString(jsonOutput(rawOf(value), scope)),
  ),
  parse_json: ofValues([1, 1], JSON_TYPE, ([value = nullString]) => {
    if (value.value === null) return ofJson(null);
    if (value.type !== STRING)
      throw new ExpressionFailure(`parse_json() takes a STRING, found ${value.type.name}`);
    return ofJson(parsed(value.value as string, 'parse_json'));
  }),
  try_parse_json: ofValues([1, 1], JSON_TYPE, ([value = nullString]) => {
    if (value.value === null || value.type !== STRING) return ofJson(null);
    return ofJson(jsonOfText(value.value as string) ?? null);
  }),
  json_value: { min: 2, max: 3, build: jsonValue },
  json_query: atPath(
    (_) => JSON_TYPE,
    (found) => ofJson(found),
  ),
  json_query_array: atPath(
    (isWritten) => (isWritten ? JSON_TYPE : jsonArray),
    (found) => ofArray(jsonArray, asArray(bestEffort(found))),
  ),
  json_keys: {
    min: 2,
    max: 2,
    build: (args) => {
      const path = writtenPath(args, 'json_keys');
      return {
        evaluate: evaluation(args, ([value = nullString]) =>
          ofArray(stringArray, keysOf(findAt(rawOf(value), path))),
        ),
        type: () => stringArray,
      };
    },
  },
  json_paths: ofValues([1, 1], stringArray, ([value = nullString], scope) =>
    ofArray(stringArray, pathsOf(rawOf(value), scope).map(pathText)),
  ),
  json_merge: ofValues([2, null], JSON_TYPE, (args, scope) => merged(args, scope)),
};

function jsonObject(args: readonly Value[]): Value {
  const fields = new Map<string, JsonValue>();
  for (let at = 0; at < args.length; at += 2) {
    const [name = nullString, value = nullString] = [args[at], args[at + 1]];
    if (name.type !== STRING || name.value === null)
      throw new ExpressionFailure(
        `json_object() takes STRINGs as names, found ${name.value === null ? 'null' : name.type.name}`,
      );
    fields.set(name.value as string, rawOf(value));
  }
  return ofJson(inHashOrder(fields));
}

function parsed(text: string, name: string): JsonValue {
  const value = jsonOfText(text);
  if (value === undefined) throw new ExpressionFailure(`${name}() takes JSON, found another text`);
  return value;
}

/** Undefined: it is no JSON. */
function jsonOfText(text: string): JsonValue | undefined {
  try {
    return parseJsonValue(text);
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

function writtenPath(args: readonly Compiled[], name: string): readonly PathPart[] {
  const text = literalText(args, 1, `${name}() takes a path`);
  if (text === null) throw new CompileProblem(`${name}() takes a path such as '$.name', found null`);
  const path = parseJsonPath(text);
  if ('problem' in path)
    throw new CompileProblem(`a path such as '$.name[0]' for ${name}(): ${path.problem}`);
  return path;
}

function pathOf(value: Value, name: string): readonly PathPart[] {
  const path = parseJsonPath(asText(value) ?? '');
  if ('problem' in path) throw new ExpressionFailure(`${name}() takes a path: ${path.problem}`);
  return path;
}

/** What stands at a path that is written out or, seldom, computed. */
function lookUp(args: readonly Compiled[], name: string): (values: readonly Value[]) => JsonValue {
  if (args[1]?.written === 'literal') {
    const path = writtenPath(args, name);
    return ([value = nullString]) => findAt(rawOf(value), path);
  }
  return ([value = nullString, path = nullString]) => findAt(rawOf(value), pathOf(path, name));
}

function atPath(
  type: (isWritten: boolean) => ExprType,
  result: (found: JsonValue) => Value,
): FunctionDefinition {
  return {
    min: 2,
    max: 2,
    build: (args, name) => {
      const find = lookUp(args, name);
      return {
        evaluate: evaluation(args, (values) => result(find(values))),
        type: () => type(args[1]?.written === 'literal'),
      };
    },
  };
}

/** Plain values and lists of them; anything else at the path is null. */
function jsonValue(args: readonly Compiled[], name: string): Pick<Compiled, 'evaluate' | 'type'> {
  const find = lookUp(args, name);
  const castTarget = args[2];
  if (castTarget?.written !== 'literal')
    return {
      evaluate: evaluation(args, (values) => {
        const found = bestEffort(find(values));
        const type = values[2] === undefined ? null : typeFor(asText(values[2]) ?? '');
        if (!isPlain(found.type)) return type === null ? nullString : ofType(type, null);
        return type === null ? found : castTo(found, type);
      }),
      type: () => null,
    };
  const type = typeOfName(literalText(args, 2, 'json_value() takes a type') ?? '');
  if (type === null) throw new CompileProblem('json_value() takes a type such as LONG or ARRAY<STRING>');
  return {
    evaluate: evaluation(args, (values) => {
      const found = bestEffort(find(values));
      return isPlain(found.type) ? castTo(found, type) : ofType(type, null);
    }),
    type: () => type,
  };
}

function typeFor(name: string): ExprType {
  const type = typeOfName(name);
  if (type === null) throw new ExpressionFailure('json_value() to a type that expressions do not have');
  return type;
}

function isPlain(type: ExprType): boolean {
  return isPrimitive(elementOf(type));
}

function keysOf(value: JsonValue): readonly string[] | null {
  if (value instanceof Map) return [...(value as JsonObject).keys()];
  return Array.isArray(value) ? (value as readonly JsonValue[]).map((_item, at) => String(at)) : null;
}

/** Of every plain value and every list of plain values, level by level. */
function pathsOf(root: JsonValue, scope: Scope): readonly (readonly PathPart[])[] {
  const paths: (readonly PathPart[])[] = [];
  let level: readonly { readonly path: readonly PathPart[]; readonly value: JsonValue }[] = [
    { path: [], value: root },
  ];
  while (level.length > 0) {
    const next: { path: readonly PathPart[]; value: JsonValue }[] = [];
    for (const { path, value } of level) {
      spend(scope, path.length + 1);
      const children = childrenOf(value);
      if (children === null) paths.push(path);
      else for (const [part, child] of children) next.push({ path: [...path, part], value: child });
    }
    level = next;
  }
  return paths;
}

function childrenOf(value: JsonValue): readonly (readonly [PathPart, JsonValue])[] | null {
  if (value instanceof Map) return [...(value as JsonObject)];
  if (!Array.isArray(value) || isPlain(bestEffort(value).type)) return null;
  return (value as readonly JsonValue[]).map((item, at) => [at, item]);
}

/** Field by field down to plain values, where the last one stays; lists are put one behind the other. */
function merged(args: readonly Value[], scope: Scope): Value {
  const [first = nullString, ...others] = args;
  if (first.value === null) throw new ExpressionFailure('json_merge() takes no null as its first argument');
  let result = jsonOf(first, scope);
  for (const other of others)
    if (other.value !== null) result = mergedValue(result, jsonOf(other, scope), scope);
  return ofJson(result);
}

function jsonOf(value: Value, scope: Scope): JsonValue {
  if (value.type === STRING) return parsed(value.value as string, 'json_merge');
  if (value.type !== JSON_TYPE)
    throw new ExpressionFailure(`json_merge() takes STRING or COMPLEX<json>, found ${value.type.name}`);
  spend(scope, 1);
  return value.value;
}

function mergedValue(into: JsonValue, from: JsonValue, scope: Scope): JsonValue {
  if (Array.isArray(into) && Array.isArray(from)) {
    spend(scope, into.length + from.length);
    return [...(into as readonly JsonValue[]), ...(from as readonly JsonValue[])];
  }
  if (!(into instanceof Map) || !(from instanceof Map)) return from;
  const fields = new Map<string, JsonValue>(into as JsonObject);
  spend(scope, fields.size + from.size);
  for (const [name, value] of from as JsonObject) {
    const old = fields.get(name) ?? null;
    fields.set(name, old === null || value === null ? value : mergedValue(old, value, scope));
  }
  return fields;
}
