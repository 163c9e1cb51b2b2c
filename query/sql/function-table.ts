/**
 * What a Druid SQL function is here: every function Druid documents has an entry, and an entry either works or says why it
 * is refused. A name without an entry does not exist. The entries are in `functions/`, `functions/index.ts` joins them.
 */
import type { Call } from './ast.ts';
import type { CallContext, TypedSql } from './typed-sql.ts';

export type FunctionKind = 'scalar' | 'aggregate' | 'window';

type Working = {
  readonly verdict: 'works';
  readonly kind: FunctionKind;
  /** For messages and the docs: `TIME_FLOOR(timestamp, period[, origin[, timezone]])`. */
  readonly syntax: string;
  /** What differs from Druid, for the docs; empty when nothing does. */
  readonly note: string;
  readonly args: { readonly min: number; readonly max: number };
  /**
   * What a multi-value argument means. `each` (scalars, the default): the function is applied to every value and the
   * translator does that, so `translate` only sees VARCHAR. `whole`: `translate` gets the list (MV_* functions).
   * Aggregates get it unnested by the translator when the row is grouped by it, else as `whole`.
   */
  readonly multi: 'each' | 'whole';
  /**
   * Arguments are translated and counted. Throws SqlProblem. For aggregates and window functions the result is the bare
   * call (`sum(x)`): the translator adds FILTER and OVER. `call` is there for DISTINCT, ORDER BY and keyword arguments.
   */
  readonly translate: (args: readonly TypedSql[], context: CallContext, call: Call) => TypedSql;
};

type Refused = {
  readonly verdict: 'refused';
  readonly syntax: string;
  /** A clause for the message and the docs: `... is not supported: <reason>`. */
  readonly reason: string;
};

export type FunctionEntry = Working | Refused;

/** By upper-case name. */
export type FunctionTable = ReadonlyMap<string, FunctionEntry>;
