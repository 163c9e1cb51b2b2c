/**
 * Druid SQL to DuckDB SQL: `translate` turns a parsed statement into one SELECT whose every identifier is quoted or made
 * here and whose every value of the caller is a literal, with the names and types Druid gives the outputs.
 */
import type { Expr, Span, Statement } from '../ast.ts';
import { SqlProblem } from '../errors.ts';
import type { SqlType } from '../typed-sql.ts';
import { conditionOf, valueOf } from './expressions.ts';
import { orderByText } from './order.ts';
import { rowsOf } from './query.ts';
import type { RowsColumn, Session, TranslateOptions } from './session.ts';

export type { TableShape, TranslateOptions } from './session.ts';

export type Translation = {
  readonly sql: string;
  readonly outputs: readonly { readonly name: string; readonly type: SqlType }[];
};

/** Throws SqlProblem. */
export function translate(statement: Statement, options: TranslateOptions): Translation {
  const session = newSession(options);
  const { sql, columns } = rowsOf(session, statement.query, null, new Map(), 'rows', options.outerLimit);
  return { sql, outputs: withUniqueNames(columns) };
}

/** Deeper than any statement people write, and far from the end of the stack. */
const depthMax = 400;
/** More than a statement of 256 KiB has parts: beyond it, parts are translated again for each place they stand in. */
const stepsMax = 1_000_000;

function newSession(options: TranslateOptions): Session {
  let names = 0;
  let depth = 0;
  let steps = 0;
  const session: Session = {
    options,
    starColumns: new WeakMap<Expr, number>(),
    lambdas: new Map(),
    fresh: (letter) => `${letter}${(names += 1)}`,
    deeper: <T>(span: Span, work: () => T): T => {
      if (depth >= depthMax) throw new SqlProblem('The statement is nested too deeply', span);
      steps += 1;
      if (steps > stepsMax)
        throw new SqlProblem(
          'The statement is too large to run: parts of it are needed again and again',
          span,
        );
      depth += 1;
      try {
        return work();
      } finally {
        depth -= 1;
      }
    },
    value: (expr, site) => valueOf(session, expr, site),
    condition: (expr, site) => conditionOf(session, expr, site),
    orderBy: (items, site) => orderByText(session, items, site),
    rows: (query, outer, ctes, use) => session.deeper(query, () => rowsOf(session, query, outer, ctes, use)),
  };
  return session;
}

/** `a, a, a` becomes `a, a0, a1`, as in Calcite. */
function withUniqueNames(columns: readonly RowsColumn[]): Translation['outputs'] {
  const used = new Set<string>();
  const tried = new Map<string, number>();
  return columns.map(({ name, type }) => {
    let unique = name;
    let attempt = tried.get(name) ?? 0;
    for (; used.has(unique); attempt++) unique = `${name}${attempt}`;
    tried.set(name, attempt);
    used.add(unique);
    return { name: unique, type };
  });
}
