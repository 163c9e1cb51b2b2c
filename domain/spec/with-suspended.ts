/**
 * Edits of a stored spec's text: one field is written, everything else stays byte for byte.
 *
 * Suspending must not touch a spec otherwise: long numbers, key order and layout are the user's.
 */
import { HeadgateError } from '../errors.ts';
import { replaceSpans, scanJson, type JsonSpan } from './json-text.ts';

/** The same spec with `suspended` at the top level set. Unchanged where it says so already. */
export function setSuspended(specText: string, suspended: boolean): string {
  const root = readRoot(specText);
  if (!suspended && !root.members.some((member) => member.key === 'suspended')) return specText;
  return setMember(specText, root, 'suspended', suspended);
}

/** The same spec with `ioConfig.taskCount` written out, in the nested or the flat form, whichever the spec has. */
export function setTaskCount(specText: string, taskCount: number): string {
  const root = readRoot(specText);
  const spec = member(root, 'spec') ?? root;
  const ioConfig = spec.kind === 'object' ? member(spec, 'ioConfig') : null;
  if (ioConfig?.kind !== 'object')
    throw new HeadgateError(
      'SPEC_INVALID',
      'spec: found no ioConfig object, expected one to write taskCount to',
    );
  return setMember(specText, ioConfig, 'taskCount', taskCount);
}

type ObjectSpan = Extract<JsonSpan, { kind: 'object' }>;

function readRoot(specText: string): ObjectSpan {
  const root = scanJson(specText);
  if (root?.kind === 'object') return root;
  const found = root === null ? 'text that is not JSON' : `JSON of another kind (${root.kind})`;
  throw new HeadgateError('SPEC_INVALID', `spec: found ${found}, expected a JSON object`);
}

/** Of repeated keys the last one counts, as for `JSON.parse`; null counts as absent. */
function member(object: ObjectSpan, key: string): JsonSpan | null {
  const value = object.members.findLast((candidate) => candidate.key === key)?.value;
  return value === undefined || (value.kind === 'leaf' && value.value === null) ? null : value;
}

/** Replaces every occurrence of the key's value, or adds the key at the end. */
function setMember(text: string, object: ObjectSpan, key: string, value: boolean | number): string {
  const places = object.members.filter((candidate) => candidate.key === key).map((found) => found.value);
  if (places.length > 0) return replaceSpans(text, places, String(value));
  const last = object.members.at(-1);
  const at = last === undefined ? object.start + 1 : last.value.end;
  const added = `${last === undefined ? '' : ','}${JSON.stringify(key)}:${String(value)}`;
  return text.slice(0, at) + added + text.slice(at);
}
