/**
 * `flattenSpec`: nested values become fields of the row.
 *
 * A row has the fields of the spec and those of the outermost object, whatever `useFieldDiscovery` says; a field of the
 * spec hides one of its name. What `useFieldDiscovery` decides is which of them may become dimensions by themselves.
 */
import type { FlattenField, FlattenSpec } from '../../domain/spec/input-format.ts';
import { render } from '../../domain/spec/problem.ts';
import { CompileProblem } from '../compile-problem.ts';
import type { JsonObject, JsonValue } from '../json-text.ts';
import type { Extractor } from './extractor.ts';
import { StepBudget } from './flatten-failure.ts';
import { compileJq } from './jq/jq.ts';
import { measure } from './measure.ts';
import { compilePath } from './path/path.ts';

/** What a row says about which of its fields may become dimensions by themselves. */
export type Discovery = {
  /** These, whatever they hold. */
  readonly named: ReadonlySet<string>;
  /** The others, when what they hold is plain. */
  readonly others: boolean;
  /** Of the others also those that hold null. */
  readonly nulls: boolean;
};

/** A row with rules of its own about discovery; without them all plain fields but nulls are discovered. */
export class FlattenedRow extends Map<string, JsonValue> {
  readonly discovery: Discovery;

  constructor(root: JsonObject, discovery: Discovery) {
    super(root);
    this.discovery = discovery;
  }

  static keepingNulls(row: JsonObject): FlattenedRow {
    const discovery = discoveryOf(row);
    return new FlattenedRow(row, { ...discovery, nulls: true });
  }

  /** `row` with other fields around it, which may be discovered by name. */
  static blended(fields: JsonObject, row: JsonObject, others: Iterable<string>): FlattenedRow {
    const discovery = discoveryOf(row);
    return new FlattenedRow(fields, { ...discovery, named: new Set([...discovery.named, ...others]) });
  }
}

const plainDiscovery: Discovery = { named: new Set(), others: true, nulls: false };

/** By which rules fields of the row are discovered. */
export function discoveryOf(row: JsonObject): Discovery {
  return row instanceof FlattenedRow ? row.discovery : plainDiscovery;
}

/**
 * Throws `CompileProblem` for a field that does not compile, at `flattenSpec.fields[n].expr`. What it returns throws
 * `FlattenFailure` for a record that a path or a program cannot be applied to: that record is unparseable.
 */
export function createFlattener(spec: FlattenSpec): (root: JsonObject) => JsonObject {
  const extractors = spec.fields.map((field, at) => ({
    name: field.name,
    extract: compiled(field, at),
  }));
  const discovery: Discovery = {
    named: new Set(spec.fields.map(({ name }) => name)),
    others: spec.useFieldDiscovery,
    nulls: false,
  };
  return (root) => {
    const budget = new StepBudget();
    const row = new FlattenedRow(root, discovery);
    for (const { name, extract } of extractors) {
      const value = extract(root, budget);
      measure(value, budget);
      row.set(name, value);
    }
    return row;
  };
}

/** Null when there is nothing to do: no field is named and the outermost ones are discovered anyway. */
export function flattenerOf(spec: FlattenSpec | null): ((root: JsonObject) => JsonObject) | null {
  if (spec === null || (spec.fields.length === 0 && spec.useFieldDiscovery)) return null;
  return createFlattener(spec);
}

function compiled(field: FlattenField, at: number): Extractor {
  try {
    return extractorOf(field);
  } catch (error) {
    if (!(error instanceof CompileProblem)) throw error;
    const { expected, remedy } = error;
    throw new CompileProblem(expected, {
      at: `flattenSpec.fields[${at}].expr`,
      found: render(field.expr),
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

function extractorOf({ type, name, expr, nodes }: FlattenField): Extractor {
  switch (type) {
    case 'root':
      return (root) => root.get(expr ?? name) ?? null;
    case 'path':
      return compilePath(expr ?? '');
    case 'jq':
      return compileJq(expr ?? '');
    case 'tree':
      return (root) => followNodes(root, nodes);
  }
}

/** Names only; a list has none. */
function followNodes(root: JsonObject, nodes: readonly string[]): JsonValue {
  let value: JsonValue | undefined = root;
  for (const node of nodes) {
    if (!(value instanceof Map)) return null;
    value = (value as JsonObject).get(node);
  }
  return value ?? null;
}
