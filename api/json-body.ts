/**
 * Reading a JSON body strictly: UTF-8 or nothing, at most 64 levels deep, and an error that says where it breaks.
 *
 * The text is kept beside the value: a spec is stored as it came.
 */
import { HeadgateError } from '../domain/errors.ts';
import { scanJson } from '../domain/spec/json-text.ts';
import type { JsonSpan } from '../domain/spec/json-text.ts';

export type JsonBody = { readonly text: string; readonly value: unknown };

const depthMax = 64;

/** Throws REQUEST_INVALID. An empty body is `undefined`: whether that is wrong is the route's to say. */
export function parseJsonBody(bytes: Uint8Array): JsonBody | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HeadgateError(
      'REQUEST_INVALID',
      'body: found bytes that are not UTF-8, expected JSON in UTF-8',
    );
  }
  if (text.trim() === '') return undefined;
  const flaw = findFlaw(text);
  if (flaw?.kind === 'depth')
    throw new HeadgateError('REQUEST_INVALID', `body: found JSON nested deeper than ${depthMax} levels`);
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch {
    throw malformed(text, flaw?.at ?? text.length);
  }
}

/** The value with every whole number that a JavaScript number cannot hold as text, digit for digit. */
export function exactValue(body: JsonBody): unknown {
  const root = scanJson(body.text);
  return root === null ? body.value : exactOf(root, body.text);
}

function exactOf(span: JsonSpan, text: string): unknown {
  if (span.kind === 'array') return span.items.map((item) => exactOf(item, text));
  if (span.kind === 'object')
    return Object.fromEntries(span.members.map(({ key, value }) => [key, exactOf(value, text)]));
  const digits = text.slice(span.start, span.end);
  const isLong =
    typeof span.value === 'number' && !Number.isSafeInteger(span.value) && /^-?\d+$/.test(digits);
  return isLong ? digits : span.value;
}

function malformed(text: string, at: number): HeadgateError {
  const before = text.slice(0, at).split('\n');
  const line = before.length;
  const column = (before.at(-1) ?? '').length + 1;
  const found =
    at >= text.length ? 'the end of the text' : JSON.stringify(Array.from(text.slice(at, at + 2))[0]);
  return new HeadgateError(
    'REQUEST_INVALID',
    `body: found ${found} at line ${line}, column ${column}, expected valid JSON`,
    { details: { position: at, line, column } },
  );
}

type Flaw = { readonly kind: 'depth' | 'syntax'; readonly at: number };

const tokenPattern =
  /[ \t\n\r]+|[[\]{},:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * The first place where the text stops being JSON, or gets too deep; null when it is fine. `JSON.parse` decides what
 * is valid; this one only finds the place, which the engine does not always tell. Not recursive.
 */
export function findFlaw(text: string): Flaw | null {
  const open: string[] = [];
  let state: State = 'value';
  let at = 0;
  while (at < text.length) {
    tokenPattern.lastIndex = at;
    const token = tokenPattern.exec(text)?.[0];
    if (token === undefined) return { kind: 'syntax', at };
    const next: State | null = /^[ \t\n\r]/.test(token) ? state : follow(state, token, open);
    if (next === null) return { kind: 'syntax', at };
    if (open.length > depthMax) return { kind: 'depth', at };
    state = next;
    at += token.length;
  }
  return state === 'after' && open.length === 0 ? null : { kind: 'syntax', at };
}

/** What may come next: a value, a value or `]`, a key or `}`, a key, `:`, or what follows a value. */
type State = 'value' | 'first' | 'firstKey' | 'key' | 'colon' | 'after';

function follow(state: State, token: string, open: string[]): State | null {
  const isString = token.startsWith('"');
  if (state === 'colon') return token === ':' ? 'value' : null;
  if (state === 'firstKey' || state === 'key') {
    if (isString) return 'colon';
    return state === 'firstKey' && token === '}' ? close(open) : null;
  }
  if (state === 'after') {
    const inside = open.at(-1);
    if (token === ',') return inside === '{' ? 'key' : inside === '[' ? 'value' : null;
    if ((token === '}' && inside === '{') || (token === ']' && inside === '[')) return close(open);
    return null;
  }
  if (token === ']' && state === 'first') return close(open);
  if (token === '{' || token === '[') {
    open.push(token);
    return token === '{' ? 'firstKey' : 'first';
  }
  return isString || /^[-\dtfn]/.test(token) ? 'after' : null;
}

function close(open: string[]): State {
  open.pop();
  return 'after';
}
