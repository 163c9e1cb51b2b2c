/** Cases of fields.test.ts for `transformSpec`, and the transform in which each field means something. */
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';

type Case = {
  readonly value: unknown;
  readonly read: (spec: SupervisorSpec) => unknown;
  readonly becomes: unknown;
  readonly standard?: unknown;
};

const transform = { type: 'expression', name: 'a', expression: 'x + 1' };
const first = (spec: SupervisorSpec) => spec.dataSchema.transforms[0];

/** The value of `dataSchema.transformSpec`, null for other fields. */
export function transformBase(path: string): Readonly<Record<string, unknown>> | null {
  return path.startsWith('dataSchema.transformSpec.transforms[]') ? { transforms: [transform] } : null;
}

export const transformCases: Readonly<Record<string, Case>> = {
  'dataSchema.transformSpec.transforms': {
    value: [transform, { ...transform, name: '__time' }],
    read: (spec) => spec.dataSchema.transforms,
    becomes: [
      { name: 'a', expression: 'x + 1' },
      { name: '__time', expression: 'x + 1' },
    ],
    standard: [],
  },
  'dataSchema.transformSpec.transforms[].type': {
    value: 'expression',
    read: (spec) => spec.dataSchema.transforms.length,
    becomes: 1,
  },
  'dataSchema.transformSpec.transforms[].name': {
    value: 'other',
    read: (spec) => first(spec)?.name,
    becomes: 'other',
  },
  'dataSchema.transformSpec.transforms[].expression': {
    value: 'upper(x)',
    read: (spec) => first(spec)?.expression,
    becomes: 'upper(x)',
  },
  'dataSchema.transformSpec.filter': {
    value: { type: 'selector', dimension: 'a', value: 'b' },
    read: (spec) => spec.dataSchema.filter,
    becomes: { type: 'selector', dimension: 'a', value: 'b' },
    standard: null,
  },
};
