/**
 * Where FILTER and OVER go in an aggregate whose value is worked on after the call. Most aggregates are a bare call, and
 * they go to its end. A finished aggregate has taken DISTINCT itself.
 */
import type { SqlType, TypedSql } from '../typed-sql.ts';

type Finished = TypedSql & { readonly tailAt: number };

/** `call` as it is finished by `finish`, which must keep it as it is and once. */
export function finished(call: string, finish: (call: string) => string, type: SqlType): Finished {
  // Found by position, never by a mark in the text: a caller's literal could hold the mark.
  const [before = ''] = finish('\0').split('\0');
  return { sql: finish(call), type, tailAt: before.length + call.length };
}

/** The aggregate with ` FILTER (WHERE ...) OVER (...)` in its place; `tail` may be empty. */
export function withTail(aggregate: TypedSql, tail: string): TypedSql {
  const at = 'tailAt' in aggregate ? (aggregate as Finished).tailAt : aggregate.sql.length;
  return { sql: aggregate.sql.slice(0, at) + tail + aggregate.sql.slice(at), type: aggregate.type };
}
