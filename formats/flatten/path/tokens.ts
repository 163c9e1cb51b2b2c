/** What a JsonPath consists of, after reading its text. */
import type { JsonValue } from '../../json-text.ts';
import type { Operator } from './operators.ts';

export type PathToken =
  /** Several names at the end of a path are one object of them; before the end, each is followed. */
  | { readonly kind: 'property'; readonly names: readonly string[] }
  | { readonly kind: 'index'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | null; readonly to: number | null }
  | { readonly kind: 'wildcard' }
  /** `..`: what follows is looked for at every depth. */
  | { readonly kind: 'scan' }
  | { readonly kind: 'filter'; readonly condition: Condition }
  | { readonly kind: 'function'; readonly name: string; readonly parameters: readonly Parameter[] };

export type PathText = {
  /** `$` rather than `@`: within a filter, the record rather than the item. */
  readonly fromRoot: boolean;
  readonly tokens: readonly PathToken[];
};

/** A parameter of a function: a path from the record, or a JSON value. */
export type Parameter =
  { readonly kind: 'path'; readonly path: PathText } | { readonly kind: 'json'; readonly value: JsonValue };

/** What stands in `[?(...)]`. */
export type Condition =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'exists'; readonly path: PathText; readonly should: boolean }
  | {
      readonly kind: 'relation';
      readonly left: Operand;
      readonly operator: Operator;
      readonly right: Operand;
    };

export type Operand =
  | { readonly kind: 'path'; readonly path: PathText }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'json'; readonly value: JsonValue }
  | { readonly kind: 'pattern'; readonly pattern: string; readonly flags: string };
