/**
 * Reads one object of a filter as posted: what is missing, of the wrong kind or unknown is a `CompileProblem` at its place.
 */
import type { Json } from '../../domain/json.ts';
import { CompileProblem } from '../compile-problem.ts';

export type FilterObject = { readonly [key: string]: Json | undefined };

export class FilterReader {
  readonly object: FilterObject;
  readonly at: string;
  /** Years of two digits are near it. */
  readonly presentYear: number;

  constructor(
    value: Json | undefined,
    { at, presentYear }: { readonly at: string; readonly presentYear: number },
    expected: string,
  ) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new CompileProblem(expected, { at });
    this.object = value as FilterObject;
    this.at = at;
    this.presentYear = presentYear;
  }

  /** An object below this one. */
  inner(value: Json | undefined, name: string, expected: string): FilterReader {
    return new FilterReader(value, { at: this.place(name), presentYear: this.presentYear }, expected);
  }

  /** Null counts as not given. */
  get(name: string): Json | undefined {
    const value = Object.hasOwn(this.object, name) ? this.object[name] : undefined;
    return value === null ? undefined : value;
  }

  place(name: string): string {
    return `${this.at}.${name}`;
  }

  problem(name: string, expected: string, remedy?: string): CompileProblem {
    return new CompileProblem(expected, {
      at: this.place(name),
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  /** A word nobody knows is a typing error: a filter without it keeps other rows. */
  allow(...names: readonly string[]): void {
    const unknown = Object.keys(this.object).find((name) => name !== 'type' && !names.includes(name));
    if (unknown !== undefined) throw this.problem(unknown, `no such property; there are ${names.join(', ')}`);
  }

  /** Texts; numbers and booleans are read as texts, as Druid reads them. */
  text(name: string, expected: string): string {
    const found = this.optionalText(name, expected);
    if (found === null) throw this.problem(name, expected);
    return found;
  }

  optionalText(name: string, expected: string): string | null {
    const value = this.get(name);
    if (value === undefined) return null;
    if (typeof value === 'object') throw this.problem(name, expected);
    return String(value);
  }

  flag(name: string): boolean {
    const value = this.get(name) ?? false;
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw this.problem(name, 'true or false');
  }

  integer(name: string, min: number, fallback: number | null): number | null {
    const value = this.get(name);
    if (value === undefined) return fallback;
    const number = typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min) return number;
    throw this.problem(name, `a whole number of at least ${min}`);
  }

  list(name: string, expected: string): readonly Json[] {
    const value = this.get(name);
    if (!Array.isArray(value)) throw this.problem(name, expected);
    if (value.length > maxItems) throw this.problem(name, `at most ${maxItems} items`);
    return value as readonly Json[];
  }
}

const maxItems = 100_000;

/** Texts of a list as `text` reads them; null stays null. */
export function listedText(value: Json | undefined, reader: FilterReader, name: string): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object') throw reader.problem(name, 'texts, numbers or null');
  return String(value);
}
