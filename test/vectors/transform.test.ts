/** What real Druid makes of the records of the area `transform` (../shared/vectors). */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { compareArea, isFarTime, type Difference, type Vector } from './compare.ts';

/** Druid's parser mends these silently, and computes something else: a field `x)`, a text `a''b`, `5` for `.5`. */
const brokenExpressions = ['(x', 'x)', 'x = y', 'x <> y', 'x AND y', '.5', "'a' 'b'", '\\x', 'a[0]'];

type Spec = { readonly dataSchema: { readonly [key: string]: unknown } };

const specsFile = resolve(import.meta.dirname, '../../../shared/vectors/specs.json');
const specs = existsSync(specsFile)
  ? (JSON.parse(readFileSync(specsFile, 'utf8')) as { readonly [name: string]: Spec })
  : {};

function expressionsOf({ spec }: Vector): readonly string[] {
  const { dataSchema } = (typeof spec === 'string' ? specs[spec] : spec) ?? { dataSchema: {} };
  const { transforms = [] } = (dataSchema['transformSpec'] ?? {}) as {
    transforms?: readonly { expression?: string }[];
  };
  return transforms.map(({ expression }) => expression ?? '');
}

const isBroken: Difference = {
  why: 'a broken expression is refused when the spec is posted',
  is: (vector) =>
    vector.expected.refused === undefined &&
    expressionsOf(vector).some((expression) => brokenExpressions.includes(expression)),
};

compareArea('transform', {
  pendingAtMost: 0,
  differences: [isFarTime, isBroken],
});
