/**
 * Reads one object of a spec field by field. A wrong value becomes a problem with its path, and reading goes on with
 * the default, so that one pass finds every problem.
 */
import type { z } from 'zod';
import { formatPeriod } from './period.ts';
import { childPath, itemPath, render, type ProblemList } from './problem.ts';
import { isPlainObject, own, type JsonObject } from './raw.ts';

/** More columns than this are a mistake, and reading a spec must stay quick. */
const itemsMax = 10_000;

export class SectionReader {
  readonly #list: ProblemList;
  readonly raw: JsonObject;
  readonly path: string;

  constructor(list: ProblemList, raw: JsonObject, path: string) {
    this.#list = list;
    this.raw = raw;
    this.path = path;
  }

  /** Null counts as not given, as for Jackson. */
  get(name: string): unknown {
    return own(this.raw, name) ?? undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  pathOf(name: string): string {
    return childPath(this.path, name);
  }

  /** The value, or the fallback when it is not given or wrong. */
  read<T, F>(name: string, kind: z.ZodType<T>, fallback: F, remedy?: string): T | F {
    const value = this.get(name);
    return value === undefined ? fallback : this.#check(name, kind, value, fallback, remedy);
  }

  /** As `read`; a plain number is milliseconds, as for Druid, and seldom meant so. */
  readPeriod<T, F>(name: string, kind: z.ZodType<T>, fallback: F): T | F {
    const value = this.get(name);
    if (typeof value === 'number')
      this.warning(name, 'an ISO 8601 period', `it is read as milliseconds: ${formatPeriod(value)}`);
    return this.read(name, kind, fallback);
  }

  /** As `read`, but not giving it is a problem too. */
  require<T, F>(name: string, kind: z.ZodType<T>, fallback: F, remedy?: string): T | F {
    return this.#check(name, kind, this.get(name), fallback, remedy);
  }

  /** An object below this one. Not given: an empty one, and a problem when it is required. */
  section(name: string, need: 'required' | 'optional', expected = 'an object'): SectionReader {
    const value = this.get(name);
    if (isPlainObject(value)) return new SectionReader(this.#list, value, this.pathOf(name));
    if (value !== undefined || need === 'required') this.problem(name, expected);
    return new SectionReader(this.#list, {}, this.pathOf(name));
  }

  /** An object somewhere below, such as an item of an array. */
  at(raw: JsonObject, path: string): SectionReader {
    return new SectionReader(this.#list, raw, path);
  }

  /** An array of anything; not given: empty. */
  items(name: string): readonly { readonly value: unknown; readonly path: string }[] {
    const value = this.get(name);
    if (Array.isArray(value) && value.length > itemsMax) this.problem(name, `at most ${itemsMax} items`);
    else if (Array.isArray(value))
      return value.map((item: unknown, index) => ({ value: item, path: itemPath(this.pathOf(name), index) }));
    else if (value !== undefined) this.problem(name, 'an array');
    return [];
  }

  problem(name: string, expected: string, remedy?: string): void {
    this.problemAt(this.pathOf(name), render(this.get(name), name), expected, remedy);
  }

  problemAt(path: string, found: string, expected: string, remedy?: string): void {
    this.#list.problem({ path, found, expected, ...(remedy === undefined ? {} : { remedy }) });
  }

  warning(name: string, expected: string, remedy?: string): void {
    const found = render(this.get(name), name);
    this.#list.warning({
      path: this.pathOf(name),
      found,
      expected,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  #check<T, F>(
    name: string,
    kind: z.ZodType<T>,
    value: unknown,
    fallback: F,
    remedy: string | undefined,
  ): T | F {
    const result = kind.safeParse(value);
    if (result.success) return result.data;
    this.problem(name, result.error.issues[0]?.message ?? 'another value', remedy);
    return fallback;
  }
}
