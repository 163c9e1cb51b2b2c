/** Filters over filters, three-valued: and, or, not, istrue, isfalse; and those without a column: true, false. */
import type { Json } from '../../domain/json.ts';
import { CompileProblem } from '../compile-problem.ts';
import type { FilterReader } from './filter-reader.ts';
import type { Matcher } from './match.ts';

/** Compiles a filter below, under that name. */
export type CompileInner = (filter: Json | undefined, name: string) => Matcher;

export function always(reader: FilterReader, answer: boolean): Matcher {
  reader.allow();
  return () => answer;
}

export function and(reader: FilterReader, compile: CompileInner): Matcher {
  const inner = fieldsOf(reader, compile);
  return (row, unknown) => inner.every((matches) => matches(row, unknown));
}

export function or(reader: FilterReader, compile: CompileInner): Matcher {
  const inner = fieldsOf(reader, compile);
  return (row, unknown) => inner.some((matches) => matches(row, unknown));
}

function fieldsOf(reader: FilterReader, compile: CompileInner): readonly Matcher[] {
  reader.allow('fields');
  // Null among them is left out, as in Druid.
  const fields = reader.list('fields', 'a list of filters').flatMap((field, index) => {
    return field === null ? [] : [compile(field, `fields[${index}]`)];
  });
  if (fields.length === 0) throw new CompileProblem('at least one filter', { at: reader.place('fields') });
  return fields;
}

/** What is unknown stays unknown: the inner filter is asked with the opposite. */
export function not(reader: FilterReader, compile: CompileInner): Matcher {
  const inner = fieldOf(reader, compile);
  return (row, unknown) => !inner(row, !unknown);
}

export function isTrue(reader: FilterReader, compile: CompileInner): Matcher {
  const inner = fieldOf(reader, compile);
  return (row) => inner(row, false);
}

export function isFalse(reader: FilterReader, compile: CompileInner): Matcher {
  const inner = fieldOf(reader, compile);
  return (row) => !inner(row, true);
}

function fieldOf(reader: FilterReader, compile: CompileInner): Matcher {
  reader.allow('field');
  return compile(reader.get('field'), 'field');
}
