/**
 * Druid SQL as a tree: what the parser makes and the translator reads. Every node knows where it stands in the text, so
 * that an error can point at it.
 *
 * Names are as written (Druid's names are case-sensitive); keywords, function names and type names are upper case.
 */

/** Offsets into the text in UTF-16 units; `end` is exclusive. */
export type Span = { readonly at: number; readonly end: number };

export type Name = Span & { readonly text: string; readonly quoted: boolean };

export type Statement = Span & {
  readonly kind: 'select' | 'explain';
  readonly query: Query;
  /** Number of `?` in the text. */
  readonly parameters: number;
};

export type Query = Span & {
  readonly with: readonly Cte[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly limit: Expr | null;
  readonly offset: Expr | null;
};

export type Cte = Span & { readonly name: Name; readonly columns: readonly Name[]; readonly query: Query };

export type QueryBody =
  Select | SetOperation | Values | (Span & { readonly kind: 'nested'; readonly query: Query });

export type SetOperation = Span & {
  readonly kind: 'set';
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
  readonly all: boolean;
  readonly left: QueryBody;
  readonly right: QueryBody;
};

export type Values = Span & { readonly kind: 'values'; readonly rows: readonly (readonly Expr[])[] };

export type Select = Span & {
  readonly kind: 'select';
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: TableExpr | null;
  readonly where: Expr | null;
  readonly groupBy: readonly GroupingElement[] | null;
  readonly having: Expr | null;
  readonly windows: readonly (Span & { readonly name: Name; readonly window: Window })[];
};

export type SelectItem =
  | (Span & { readonly kind: 'expr'; readonly expr: Expr; readonly alias: Name | null })
  /** `*`, or `t.*` with the path of `t`. */
  | (Span & { readonly kind: 'star'; readonly qualifier: readonly Name[] });

export type GroupingElement =
  | (Span & { readonly kind: 'expr'; readonly expr: Expr })
  /** `()` and `(a, b)` inside GROUPING SETS, ROLLUP, CUBE. */
  | (Span & { readonly kind: 'set'; readonly exprs: readonly Expr[] })
  | (Span & {
      readonly kind: 'GROUPING SETS' | 'ROLLUP' | 'CUBE';
      readonly elements: readonly GroupingElement[];
    });

export type OrderItem = Span & {
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nulls: 'first' | 'last' | null;
};

export type TableExpr =
  | (Span & { readonly kind: 'table'; readonly path: readonly Name[]; readonly alias: TableAlias | null })
  | (Span & { readonly kind: 'subquery'; readonly query: Query; readonly alias: TableAlias | null })
  /** `UNNEST(expr)`; lateral when it stands to the right of a comma or CROSS JOIN. */
  | (Span & { readonly kind: 'unnest'; readonly expr: Expr; readonly alias: TableAlias | null })
  /** `TABLE(f(...))` and other table functions. */
  | (Span & { readonly kind: 'function'; readonly call: Call; readonly alias: TableAlias | null })
  | (Span & {
      readonly kind: 'join';
      readonly type: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
      readonly natural: boolean;
      readonly left: TableExpr;
      readonly right: TableExpr;
      readonly on: Expr | null;
      readonly using: readonly Name[] | null;
    });

export type TableAlias = Span & { readonly name: Name; readonly columns: readonly Name[] };

export type Window = Span & {
  readonly base: Name | null;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly OrderItem[];
  readonly frame: Frame | null;
};

export type Frame = Span & {
  readonly unit: 'ROWS' | 'RANGE';
  readonly start: FrameBound;
  readonly finish: FrameBound | null;
};

export type FrameBound =
  | { readonly kind: 'unboundedPreceding' | 'currentRow' | 'unboundedFollowing' }
  | { readonly kind: 'preceding' | 'following'; readonly expr: Expr };

export type Call = Span & {
  readonly kind: 'call';
  readonly name: Name;
  readonly args: readonly Expr[];
  readonly distinct: boolean;
  /** `COUNT(*)`. */
  readonly star: boolean;
  /** Inside the parentheses: `ARRAY_AGG(x ORDER BY y)`; or `WITHIN GROUP (ORDER BY y)`. */
  readonly orderBy: readonly OrderItem[];
  readonly filter: Expr | null;
  readonly over: Window | Name | null;
  readonly nulls: 'ignore' | 'respect' | null;
};

export type TypeName = Span & {
  /** `VARCHAR`, `DECIMAL`, `DOUBLE PRECISION`, `TIMESTAMP`, ... */
  readonly name: string;
  readonly precision: readonly number[];
  /** `BIGINT ARRAY`. */
  readonly array: boolean;
};

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '||'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | 'AND'
  | 'OR'
  | 'IS DISTINCT FROM'
  | 'IS NOT DISTINCT FROM';

export type Expr =
  | (Span & { readonly kind: 'string'; readonly value: string })
  /** As written, without sign: `12`, `1.50`, `1e3`. */
  | (Span & { readonly kind: 'number'; readonly text: string })
  | (Span & { readonly kind: 'boolean'; readonly value: boolean })
  | (Span & { readonly kind: 'null' })
  /** `TIMESTAMP '...'`, `DATE '...'`. */
  | (Span & { readonly kind: 'time'; readonly type: 'TIMESTAMP' | 'DATE'; readonly value: string })
  /** `INTERVAL '1' DAY`, `INTERVAL '1-2' YEAR TO MONTH`. */
  | (Span & {
      readonly kind: 'interval';
      readonly value: string;
      readonly negative: boolean;
      readonly from: string;
      readonly to: string | null;
    })
  /** `?`, counted from 0. */
  | (Span & { readonly kind: 'parameter'; readonly index: number })
  /** `a`, `t.a`, `druid.t.a`. */
  | (Span & { readonly kind: 'column'; readonly path: readonly Name[] })
  | (Span & { readonly kind: 'unary'; readonly operator: '-' | '+' | 'NOT'; readonly operand: Expr })
  | (Span & {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
    })
  /** `a = ANY (...)`, `a > ALL (SELECT ...)`. */
  | (Span & {
      readonly kind: 'quantified';
      readonly operator: BinaryOperator;
      readonly quantifier: 'ANY' | 'ALL';
      readonly left: Expr;
      readonly right: Query | Expr;
    })
  | (Span & {
      readonly kind: 'is';
      readonly operand: Expr;
      readonly test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN';
      readonly negated: boolean;
    })
  | (Span & {
      readonly kind: 'between';
      readonly operand: Expr;
      readonly low: Expr;
      readonly high: Expr;
      readonly negated: boolean;
      readonly symmetric: boolean;
    })
  | (Span & {
      readonly kind: 'like';
      readonly operator: 'LIKE' | 'SIMILAR TO';
      readonly operand: Expr;
      readonly pattern: Expr;
      readonly escape: Expr | null;
      readonly negated: boolean;
    })
  | (Span & {
      readonly kind: 'in';
      readonly operand: Expr;
      readonly options: readonly Expr[] | Query;
      readonly negated: boolean;
    })
  | (Span & { readonly kind: 'exists'; readonly query: Query })
  | (Span & { readonly kind: 'scalarQuery'; readonly query: Query })
  | (Span & {
      readonly kind: 'case';
      readonly operand: Expr | null;
      readonly branches: readonly { readonly when: Expr; readonly then: Expr }[];
      readonly otherwise: Expr | null;
    })
  | (Span & {
      readonly kind: 'cast';
      readonly operand: Expr;
      readonly type: TypeName;
      readonly tries: boolean;
    })
  /** `EXTRACT(unit FROM x)`. */
  | (Span & { readonly kind: 'extract'; readonly unit: string; readonly operand: Expr })
  /** `FLOOR(x TO unit)`, `CEIL(x TO unit)`. */
  | (Span & {
      readonly kind: 'roundTime';
      readonly direction: 'FLOOR' | 'CEIL';
      readonly operand: Expr;
      readonly unit: string;
    })
  /** `TRIM([BOTH|LEADING|TRAILING] [chars] FROM x)`. */
  | (Span & {
      readonly kind: 'trim';
      readonly side: 'BOTH' | 'LEADING' | 'TRAILING';
      readonly characters: Expr | null;
      readonly operand: Expr;
    })
  /** `POSITION(needle IN hay [FROM start])`. */
  | (Span & {
      readonly kind: 'position';
      readonly needle: Expr;
      readonly haystack: Expr;
      readonly start: Expr | null;
    })
  /** `ARRAY[...]`. */
  | (Span & { readonly kind: 'array'; readonly items: readonly Expr[] })
  /** `a[1]`. */
  | (Span & { readonly kind: 'element'; readonly operand: Expr; readonly index: Expr })
  /** `(a, b)`, `ROW(a, b)`. */
  | (Span & { readonly kind: 'row'; readonly items: readonly Expr[] })
  | Call;
