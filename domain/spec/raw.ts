/** Looking at posted JSON without trusting it: own keys only, bounded depth. */

export type JsonObject = { readonly [key: string]: unknown };

export function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property, or undefined: `constructor` and the like are never found on the prototype. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Equal as JSON: the order of keys does not count, null is not the same as absent. For values whose depth was checked. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (Object.is(left, right) || left === right) return true;
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
  if (!isPlainObject(left) || !isPlainObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
}

export type HostileSpot = {
  readonly path: readonly (string | number)[];
  readonly kind: 'key' | 'javascript' | 'depth';
};

const depthMax = 64;

/**
 * Places no spec has and attacks do (reliability.md S12, S18): keys that reach prototypes, empty keys, JavaScript,
 * nesting beyond any use. Iterative, and stops at the first `limit` spots.
 */
export function findHostileSpots(raw: unknown, limit: number): HostileSpot[] {
  const spots: HostileSpot[] = [];
  const pending: { value: unknown; path: readonly (string | number)[] }[] = [{ value: raw, path: [] }];
  for (let next = pending.pop(); next !== undefined && spots.length < limit; next = pending.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= depthMax) {
      spots.push({ path, kind: 'depth' });
      continue;
    }
    const entries = Array.isArray(value)
      ? value.map((item, index) => [index, item] as const)
      : Object.entries(value);
    for (const [key, child] of entries.reverse()) {
      const childPath = [...path, key];
      if (typeof key === 'string' && hostileKeys.has(key)) spots.push({ path: childPath, kind: 'key' });
      else if (key === 'type' && child === 'javascript') spots.push({ path: childPath, kind: 'javascript' });
      else pending.push({ value: child, path: childPath });
    }
  }
  return spots.slice(0, limit);
}

const hostileKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype', 'javascript', '']);
