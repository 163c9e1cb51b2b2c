/** A jq program after reading its text. */
import type { JsonValue } from '../../json-text.ts';

export type Program =
  | { readonly kind: 'identity' }
  /** `..` */
  | { readonly kind: 'recurse' }
  | { readonly kind: 'literal'; readonly value: JsonValue }
  /** One more piece than programs; the results of the programs stand between them. */
  | { readonly kind: 'text'; readonly pieces: readonly string[]; readonly programs: readonly Program[] }
  | { readonly kind: 'index'; readonly of: Program; readonly key: Program }
  | {
      readonly kind: 'slice';
      readonly of: Program;
      readonly from: Program | null;
      readonly to: Program | null;
    }
  | { readonly kind: 'iterate'; readonly of: Program }
  /** What fails gives nothing. */
  | { readonly kind: 'try'; readonly body: Program }
  | {
      readonly kind: 'pipe' | 'comma' | 'alternative' | 'or' | 'and';
      readonly left: Program;
      readonly right: Program;
    }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Program;
      readonly right: Program;
    }
  | { readonly kind: 'negate'; readonly of: Program }
  | { readonly kind: 'if'; readonly condition: Program; readonly then: Program; readonly otherwise: Program }
  | { readonly kind: 'array'; readonly items: Program | null }
  | {
      readonly kind: 'object';
      readonly entries: readonly { readonly key: Program; readonly value: Program }[];
    }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Program[] };

export const comparisons = ['==', '!=', '<', '<=', '>', '>='] as const;
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type BinaryOperator = (typeof comparisons)[number] | ArithmeticOperator;
