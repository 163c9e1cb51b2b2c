/**
 * `flattenSpec`: nested values become fields of the row.
 *
 * A row has the fields of the spec and those of the outermost object, whatever `useFieldDiscovery` says; a field of the
 * spec hides one of its name. What `useFieldDiscovery` decides is which of them may become dimensions by themselves.
 */
import type { FlattenField, FlattenSpec } from '../../domain/spec/input-format.ts';
import { CompileProblem } from '../compile-problem.ts';
import type { JsonObject, JsonValue } from '../json-text.ts';
import { StepBudget } from './flatten-failure.ts';
import { compileJq } from './jq/jq.ts';
import { compilePath } from './path/path.ts';

/** Throws `FlattenFailure` when the record cannot be read so. */
export type Extractor = (root: JsonObject, budget: StepBudget) => JsonValue;

/** A row in which the named fields may be discovered as dimensions whatever they hold, and the others by the rule given. */
export class FlattenedRow extends Map<string, JsonValue> {
  readonly named: ReadonlySet<string>;
  /** False: only named fields are discovered. */
  readonly discoversRootFields: boolean;

  constructor(root: JsonObject, named: ReadonlySet<string>, discoversRootFields: boolean) {
    super(root);
    this.named = named;
    this.discoversRootFields = discoversRootFields;
  }
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
  const named = new Set(spec.fields.map(({ name }) => name));
  return (root) => {
    const budget = new StepBudget();
    const row = new FlattenedRow(root, named, spec.useFieldDiscovery);
    for (const { name, extract } of extractors) row.set(name, extract(root, budget));
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
