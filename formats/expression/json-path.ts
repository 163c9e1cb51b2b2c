/** The small JSONPath of Druid's json functions: `$`, `.name`, `['name']`, `[index]`. */
import type { JsonValue } from '../json-text.ts';

/** A name of a field, or an index of a list. */
export type PathPart = string | number;

/** The parts, or what is wrong with the path. */
export function parseJsonPath(path: string): readonly PathPart[] | { readonly problem: string } {
  if (path === '') return [];
  if (!path.startsWith('$')) return { problem: 'it must begin with $' };
  const parts: PathPart[] = [];
  for (let at = 1; at < path.length;) {
    const found = partAt(path, at);
    if ('problem' in found) return found;
    parts.push(found.part);
    at = found.end;
  }
  return parts;
}

type Found = { readonly part: PathPart; readonly end: number } | { readonly problem: string };

const named = /\.([^.[]+)/y;
const quoted = /\.?\['((?:[^'\\]|\\.)+)'\]/sy;
const indexed = /\[([+-]?\d{1,10})\]/y;

function partAt(path: string, at: number): Found {
  for (const [pattern, isIndex] of [
    [quoted, false],
    [indexed, true],
    [named, false],
  ] as const) {
    pattern.lastIndex = at;
    const match = pattern.exec(path);
    if (match === null) continue;
    const text = match[1] ?? '';
    return { part: isIndex ? Number(text) : text, end: at + match[0].length };
  }
  return { problem: `a field as .name or ['name'], or an index as [0], was expected at character ${at + 1}` };
}

/** A negative index counts from the end. Null: nothing is there. */
export function findAt(root: JsonValue, path: readonly PathPart[]): JsonValue {
  let current: JsonValue = root;
  for (const part of path) {
    if (typeof part === 'string')
      current = current instanceof Map ? ((current.get(part) as JsonValue) ?? null) : null;
    else current = Array.isArray(current) ? ((current as readonly JsonValue[]).at(part) ?? null) : null;
    if (current === null) return null;
  }
  return current;
}

/** As Druid prints a path; names with signs of the path language in brackets. */
export function pathText(path: readonly PathPart[]): string {
  if (path.length === 0) return '$';
  return path
    .map((part, at) => {
      if (typeof part === 'number') return `${at === 0 ? '$' : ''}[${part}]`;
      return `${at === 0 ? '$.' : '.'}${/[.'"[\]]/.test(part) ? `['${part}']` : part}`;
    })
    .join('');
}
