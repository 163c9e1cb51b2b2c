/**
 * Secrets in a spec: which values are secret, a copy of the spec without them, and where they stand.
 *
 * A value is secret by the name of its field or by its own look. References are not secrets: a provider object
 * (`{"type": "environment", "variable": ...}`) keeps its variable names. Masking errs on the side of hiding.
 */
import type { Json } from '../json.ts';
import { replaceSpans, scanJson, type JsonSpan } from './json-text.ts';

export const mask = '********';

/** Nothing real is nested deeper, and every walk here is recursive: beyond this the whole value is masked. */
const depthMax = 64;

const secretWords = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'credential',
  'token',
  'jaas',
  'apikey',
  'accesskey',
  'privatekey',
  'sslkey',
  'keystorekey',
  'basicauth',
  'userinfo',
  'authorization',
];

/** Names that hold one of the words and say where or how something is, not what it is. */
const harmlessEndings = /(location|type|algorithm|url|uri|class|variable|variables)$/;

/** By the name of a field: `sasl.jaas.config`, `ssl.key.password`, `awsSecretKey`, `X-Auth-Token`, ... */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (harmlessEndings.test(plain)) return false;
  return secretWords.some((word) => plain.includes(word));
}

/**
 * By the look of a value, whatever its field: a login module's text, `password=...`, credentials in a URL, a private
 * key, an AWS key id. Every pattern is linear in the text.
 */
export function looksSecret(text: string): boolean {
  return (
    /LoginModule/i.test(text) ||
    /\b(password|passwd|secret|token|credential|api_?key)s?["']?\s*[=:]\s*\S/i.test(text) ||
    /:\/\/[^\s/@:]{0,256}:[^\s/@]{0,256}@/.test(text) ||
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY/.test(text) ||
    /\b(AKIA|ASIA)[A-Z0-9]{16}\b/.test(text)
  );
}

/** A copy in which every secret reads `********`. The shape stays, so a masked spec can still be read and compared. */
export function maskSecrets(raw: Json): Json {
  return maskValue(raw, outermost);
}

/** Paths of the secrets written out in a spec, for refusing a spec that would store them in Temporal's history. */
export function findInlineSecrets(raw: unknown): string[] {
  const found: string[] = [];
  collect(raw, '', outermost, found);
  return found;
}

/** `maskSecrets` for the text itself: everything but the secrets stays as it was posted. Text that is not JSON is masked whole. */
export function maskSpecText(specText: string): string {
  const root = scanJson(specText);
  if (root === null) return JSON.stringify(mask);
  const edits: JsonSpan[] = [];
  collectSpans(root, outermost, edits);
  return replaceSpans(specText, edits, JSON.stringify(mask));
}

/** `reference`: names of variables, shown; `hidden`: below a secret name, never shown. */
type Walk = { readonly kind: 'open' | 'hidden' | 'reference'; readonly depth: number };

const outermost: Walk = { kind: 'open', depth: 0 };

function maskValue(value: Json, walk: Walk): Json {
  if (walk.depth > depthMax) return mask;
  if (Array.isArray(value)) return value.map((item: Json) => maskValue(item, deeper(walk, '')));
  if (typeof value === 'object' && value !== null) {
    const object = value as { readonly [key: string]: Json | undefined };
    const entries = Object.keys(object).map((key): [string, Json] => [
      key,
      maskValue(object[key] ?? null, inside(object, key, walk)),
    ]);
    return Object.fromEntries(entries);
  }
  return isSecretLeaf(value, walk) ? mask : value;
}

function collect(value: unknown, path: string, walk: Walk, found: string[]): void {
  if (walk.depth > depthMax) {
    found.push(path);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => collect(item, `${path}[${index}]`, deeper(walk, ''), found));
  } else if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object))
      collect(object[key], joinPath(path, key), inside(object, key, walk), found);
  } else if (isSecretLeaf(value, walk)) {
    found.push(path);
  }
}

function collectSpans(span: JsonSpan, walk: Walk, edits: JsonSpan[]): void {
  if (walk.depth > depthMax) {
    edits.push(span);
  } else if (span.kind === 'array') {
    for (const item of span.items) collectSpans(item, deeper(walk, ''), edits);
  } else if (span.kind === 'object') {
    const fields = Object.fromEntries(
      span.members.map((member) => [member.key, member.value.kind === 'leaf' ? member.value.value : {}]),
    );
    for (const member of span.members) collectSpans(member.value, inside(fields, member.key, walk), edits);
  } else if (isSecretLeaf(span.value, walk)) {
    edits.push(span);
  }
}

/** Null and true/false say nothing; an empty text is no secret either. Anything already masked stays. */
function isSecretLeaf(value: unknown, walk: Walk): boolean {
  if (typeof value === 'number') return walk.kind === 'hidden';
  if (typeof value !== 'string' || value === '' || value === mask) return false;
  return walk.kind === 'hidden' || (walk.kind === 'open' && looksSecret(value));
}

/** What holds for the value of `key`: its own name decides, an ancestor's, or a provider object around it. */
function inside(object: Readonly<Record<string, unknown>>, key: string, walk: Walk): Walk {
  const depth = walk.depth + 1;
  const type = object['type'];
  if (typeof type === 'string') {
    if (key === 'type') return { kind: 'reference', depth };
    // Inside `variables` the keys are property names (`sasl.jaas.config`) and the values names of variables.
    if (type === 'environment' && /^variables?$/.test(key)) return { kind: 'reference', depth };
    if (type === 'mapString' && key === 'config') return { kind: 'hidden', depth };
  }
  return deeper(walk, key);
}

function deeper(walk: Walk, key: string): Walk {
  const kind = walk.kind === 'open' && isSecretName(key) ? 'hidden' : walk.kind;
  return { kind, depth: walk.depth + 1 };
}

function joinPath(parent: string, key: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `${parent}[${JSON.stringify(key.slice(0, 80))}]`;
  return parent === '' ? key : `${parent}.${key}`;
}
