/** The tree of an expression as written, and its text. */
import type { JsonValue } from '../json-text.ts';
import type { ExprType } from './expression-types.ts';

type Placed = {
  /** UTF-16 units from the start of the expression. */
  readonly at: number;
  /** Levels of the tree from here down. */
  readonly depth: number;
};

export type UnaryOperator = '-' | '!';
export const binaryOperators = [
  ['&&', '||'],
  ['<', '<=', '>', '>=', '==', '!='],
  ['+', '-'],
  ['*', '/', '%'],
  ['^'],
] as const;
export type BinaryOperator = (typeof binaryOperators)[number][number];

export type Node = Placed &
  (
    | { readonly kind: 'null' }
    /** Not held to 64 bits yet: a sign may still come before it. */
    | { readonly kind: 'long'; readonly digits: bigint }
    | { readonly kind: 'double'; readonly number: number }
    | { readonly kind: 'string'; readonly text: string }
    | { readonly kind: 'array'; readonly type: ExprType; readonly items: readonly JsonValue[] }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Node }
    | {
        readonly kind: 'binary';
        readonly operator: BinaryOperator;
        readonly left: Node;
        readonly right: Node;
      }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
    | {
        readonly kind: 'apply';
        readonly name: string;
        readonly parameters: readonly string[];
        readonly body: Node;
        readonly args: readonly Node[];
      }
  );

/** An expression that reads as the same tree: every operator in brackets, every name quoted. */
export function printed(node: Node): string {
  switch (node.kind) {
    case 'null':
      return 'null';
    case 'long':
      return String(node.digits);
    case 'double':
      return doubleText(node.number);
    case 'string':
      return quotation(node.text, "'");
    case 'array':
      return `${node.type.name}[${node.items.map(itemText).join(', ')}]`;
    case 'name':
      return quotation(node.name, '"');
    case 'unary':
      return `${node.operator}(${printed(node.operand)})`;
    case 'binary':
      return `(${printed(node.left)} ${node.operator} ${printed(node.right)})`;
    case 'call':
      return `${node.name}(${node.args.map(printed).join(', ')})`;
    case 'apply': {
      const parameters = node.parameters.map((name) => quotation(name, '"')).join(', ');
      return `${node.name}((${parameters}) -> ${printed(node.body)}, ${node.args.map(printed).join(', ')})`;
    }
  }
}

function doubleText(number: number): string {
  if (!Number.isFinite(number)) return String(number);
  return number.toExponential().replace('+', '');
}

function itemText(item: JsonValue): string {
  if (typeof item === 'string') return quotation(item, "'");
  if (typeof item === 'number' || typeof item === 'bigint') return String(item);
  return item === null ? 'null' : doubleText((item as { value: number }).value);
}

function quotation(text: string, mark: string): string {
  return `${mark}${text.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`)}${mark}`;
}
