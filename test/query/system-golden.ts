/**
 * What Druid 33 answered (test/fixtures/druid-golden), and whether an answer of ours has its shape: the same keys with
 * values of the same type, all the way down. Values are not compared.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export type Recording = {
  readonly file: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly body?: { readonly query?: string } | string;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly empty: boolean;
    readonly body: unknown;
  };
};

export const recordings: readonly Recording[] = recordingsIn('druid-golden');

/** All of a folder of fixtures. */
export function recordingsIn(name: string): Recording[] {
  const folder = join(import.meta.dirname, '../fixtures', name);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      file: file.replace(/\.json$/, ''),
      ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<Recording, 'file'>),
    }));
}

export function recording(name: string): Recording {
  const found = recordings.find(({ file }) => file === name);
  if (found === undefined) throw new Error(`no recording ${name}`);
  return found;
}

type Differences = {
  /** Keys we add on purpose. */
  readonly added?: readonly string[];
  /** Keys that are null here and are not in Druid. */
  readonly nulls?: readonly string[];
};

/** Every place where `found` has another shape than `wanted`; none: []. A recorded null says nothing about a type. */
export function shapeProblems(
  found: unknown,
  wanted: unknown,
  { added = [], nulls = [] }: Differences = {},
  at = '$',
): string[] {
  const key = at.split('.').at(-1) ?? at;
  if (wanted === null || (found === null && nulls.includes(key))) return [];
  if (kindOf(found) !== kindOf(wanted)) return [`${at}: found ${kindOf(found)}, Druid has ${kindOf(wanted)}`];
  if (Array.isArray(found) && Array.isArray(wanted)) {
    if (wanted.length === 0) return [];
    return found.flatMap((item: unknown, index) =>
      shapeProblems(item, wanted[Math.min(index, wanted.length - 1)], { added, nulls }, `${at}[${index}]`),
    );
  }
  if (!isObject(found) || !isObject(wanted)) return [];
  const extra = Object.keys(found).filter((name) => !(name in wanted) && !added.includes(name));
  return [
    ...extra.map((name) => `${at}.${name}: Druid has no such key`),
    ...Object.keys(wanted).flatMap((name) =>
      name in found
        ? shapeProblems(found[name], wanted[name], { added, nulls }, `${at}.${name}`)
        : [`${at}.${name}: missing`],
    ),
  ];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'number' : typeof value;
}
