/** Cases of fields.test.ts for the json format, and a format in which each field means something. */
import { plainJson, type JsonFormat } from '../../../domain/spec/input-format.ts';
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';

type Case = {
  readonly value: unknown;
  readonly read: (spec: SupervisorSpec) => unknown;
  readonly becomes: unknown;
  readonly standard?: unknown;
};

const prefix = 'ioConfig.inputFormat.';
const json = (spec: SupervisorSpec) => spec.io.inputFormat as JsonFormat;
const flatten = (spec: SupervisorSpec) => json(spec).flatten;
const field = (spec: SupervisorSpec) => flatten(spec)?.fields[0];

const path = { type: 'path', name: 'city', expr: '$.user.city' };
const tree = { type: 'tree', name: 'city', nodes: ['user', 'city'] };

/** The format in which a field of a field means something; null: the small spec's own. */
export function jsonFormatBase(fieldPath: string): Readonly<Record<string, unknown>> | null {
  if (!fieldPath.startsWith(`${prefix}flattenSpec.`)) return null;
  const fields = [fieldPath.endsWith('.nodes') ? tree : path];
  return { type: 'json', flattenSpec: fieldPath.includes('[]') ? { fields } : {} };
}

const cases: Readonly<Record<string, Case>> = {
  flattenSpec: {
    value: { fields: ['a', { ...tree, type: 'TREE' }] },
    read: flatten,
    becomes: {
      useFieldDiscovery: true,
      fields: [
        { type: 'root', name: 'a', expr: 'a', nodes: [] },
        { ...tree, expr: null },
      ],
    },
    standard: null,
  },
  'flattenSpec.useFieldDiscovery': {
    value: 'false',
    read: (spec) => flatten(spec)?.useFieldDiscovery,
    becomes: false,
    standard: true,
  },
  'flattenSpec.fields': {
    value: [path, { type: 'root', name: 'b' }],
    read: (spec) => flatten(spec)?.fields.map(({ name, expr }) => [name, expr]),
    becomes: [
      ['city', '$.user.city'],
      ['b', 'b'],
    ],
    standard: [],
  },
  'flattenSpec.fields[].type': { value: 'JQ', read: (spec) => field(spec)?.type, becomes: 'jq' },
  'flattenSpec.fields[].name': { value: 'town', read: (spec) => field(spec)?.name, becomes: 'town' },
  'flattenSpec.fields[].expr': { value: '$.a', read: (spec) => field(spec)?.expr, becomes: '$.a' },
  'flattenSpec.fields[].nodes': {
    value: ['a', ''],
    read: (spec) => field(spec)?.nodes,
    becomes: ['a', ''],
  },
  featureSpec: {
    value: { AUTO_CLOSE_SOURCE: 'true', ALLOW_COMMENTS: false },
    read: (spec) => json(spec).features,
    becomes: { AUTO_CLOSE_SOURCE: true, ALLOW_COMMENTS: false },
    standard: {},
  },
  assumeNewlineDelimited: {
    value: true,
    read: (spec) => json(spec).assumeNewlineDelimited,
    becomes: true,
    standard: false,
  },
  useJsonNodeReader: {
    value: 'true',
    read: (spec) => json(spec).useJsonNodeReader,
    becomes: true,
    standard: false,
  },
  keepNullColumns: {
    value: true,
    read: (spec) => json(spec).keepNullColumns,
    becomes: true,
    standard: false,
  },
};

/** One entry per row of class `works`. */
export const jsonFormatCases: Readonly<Record<string, Case>> = {
  'ioConfig.inputFormat': {
    value: { type: 'json' },
    read: (spec) => spec.io.inputFormat,
    becomes: plainJson,
  },
  'ioConfig.inputFormat.type': { value: 'json', read: (spec) => spec.io.inputFormat.type, becomes: 'json' },
  ...Object.fromEntries(Object.entries(cases).map(([name, rest]) => [`${prefix}${name}`, rest])),
};
