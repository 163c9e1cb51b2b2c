/**
 * Checks the names in a posted spec against the field table: what is unknown, has no effect, or is refused.
 *
 * Values of fields that work are left to parse*.ts. Druid drops unknown names in silence; here each is a warning with
 * the nearest known name, because a typing error in a name is a setting that silently stays at its default.
 */
import { specFields, type SpecField } from './fields.ts';
import { childPath, itemPath, render, type ProblemList } from './problem.ts';
import { isPlainObject, sameJson, type JsonObject } from './raw.ts';

type Node = { readonly field: SpecField | null; readonly children: Map<string, Node> };

const root: Node = buildTree();

/** Every name below `raw`, which stands at `path`; `place` is the same spot in the table (`ioConfig`, '' for the top). */
export function checkNames(list: ProblemList, raw: JsonObject, path: string, place: string): void {
  const node = place === '' ? root : findNode(place);
  if (node !== null) checkObject(list, raw, path, node);
}

/** The names Druid documents, or we add, at one place of the table. */
export function knownNames(place: string): readonly string[] {
  return [...(findNode(place)?.children.keys() ?? [])].filter((name) => name !== '[]');
}

function checkObject(list: ProblemList, raw: JsonObject, path: string, node: Node): void {
  for (const key of Object.keys(raw)) {
    const value = raw[key];
    if (value === null || value === undefined) continue;
    const child = node.children.get(key);
    if (child === undefined) warnUnknown(list, key, path, node);
    else checkField(list, value, childPath(path, key), child);
  }
}

function checkField(list: ProblemList, value: unknown, path: string, node: Node): void {
  const { field } = node;
  if (field === null) return;
  if (field.values !== undefined && !isOneOf(value, field.values)) {
    list.problem({ path, found: render(value), expected: `one of ${field.values.join(', ')}` });
    return;
  }
  if (asksNothing(field, value)) return;
  const below = node.children.size > 0 && field.open !== true && /works|noEffect/.test(field.class);
  if (below && isPlainObject(value)) {
    checkObject(list, value, path, node);
  } else if (below && Array.isArray(value)) {
    const items = node.children.get('[]');
    value.forEach((item, index) => {
      if (items !== undefined && isPlainObject(item)) checkObject(list, item, itemPath(path, index), items);
    });
  } else {
    report(list, value, path, field);
  }
}

function report(list: ProblemList, value: unknown, path: string, field: SpecField): void {
  const found = render(value, field.path);
  const why = field.why ?? '';
  if (field.class === 'noEffect')
    list.warning({ path, found, expected: 'nothing; it has no effect here', remedy: why });
  else if (field.class === 'later')
    list.problem({
      path,
      found,
      expected: 'nothing; it is not supported yet',
      remedy: `leave it out: ${why}`,
    });
  else if (field.class === 'refused')
    list.problem({ path, found, expected: 'nothing; it is refused', remedy: `leave it out: ${why}` });
}

/** Whether the value only says what holds anyway. */
function asksNothing(field: SpecField, value: unknown): boolean {
  if (field.switchedOffBy !== undefined && isPlainObject(value)) {
    const switched = value[field.switchedOffBy.field];
    return switched !== true && !sameScalarText(true, switched);
  }
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) return true;
  const neutral = [...(field.default === undefined ? [] : [field.default]), ...(field.neutral ?? [])];
  return neutral.some((candidate) => sameJson(candidate, value) || sameScalarText(candidate, value));
}

/** `"8"` for 8, `"TRUE"` for true, `"LZ4"` for lz4: Jackson reads them alike. */
function sameScalarText(candidate: unknown, value: unknown): boolean {
  if (typeof candidate === 'object' || typeof value !== 'string') return false;
  return String(candidate).toLowerCase() === value.toLowerCase();
}

function isOneOf(value: unknown, values: readonly string[]): boolean {
  return typeof value === 'string' && values.includes(value.toLowerCase());
}

function warnUnknown(list: ProblemList, key: string, path: string, node: Node): void {
  if (!list.wantsWarnings) return list.warning({ path: '', found: '', expected: '' });
  const hint = nearestName(key, node);
  list.warning({
    path: childPath(path, key),
    found: 'a field Druid does not document',
    expected: 'a known field; it is ignored',
    ...(hint === null ? {} : { remedy: `did you mean ${hint}?` }),
  });
}

/** A sibling that looks alike, or the same name in another place. */
function nearestName(key: string, node: Node): string | null {
  if (key.length > 60) return null;
  const siblings = [...node.children.keys()].filter((name) => name !== '[]');
  const near = nearest(key, siblings);
  if (near !== null) return near;
  const plain = plainName(key);
  const elsewhere = specFields.find(
    (field) => plainName(field.path.slice(field.path.lastIndexOf('.') + 1)) === plain,
  );
  return elsewhere?.path ?? null;
}

/** The candidate that differs only in case, signs or up to two letters; null when none is that near. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  const plain = plainName(name);
  const same = candidates.find((candidate) => plainName(candidate) === plain);
  if (same !== undefined) return same;
  const tolerated = name.length < 5 ? 1 : 2;
  let best: string | null = null;
  let bestDistance = tolerated + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > tolerated) continue;
    const distance = editDistance(plain, plainName(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Levenshtein's, for short names. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

/** `a.b[].c` is three steps below the root: a, b, [] and then c. */
function buildTree(): Node {
  const top: Node = { field: null, children: new Map() };
  for (const field of specFields) {
    let node = top;
    const steps = field.path.replaceAll('[]', '.[]').split('.');
    steps.forEach((step, index) => {
      const isLast = index === steps.length - 1;
      let child = node.children.get(step);
      if (child === undefined) {
        child = { field: isLast ? field : null, children: new Map() };
        node.children.set(step, child);
      }
      node = child;
    });
  }
  return top;
}

function findNode(place: string): Node | null {
  let node: Node | undefined = root;
  for (const step of place.replaceAll('[]', '.[]').split('.')) node = node?.children.get(step);
  return node ?? null;
}
