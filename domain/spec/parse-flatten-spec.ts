/**
 * Reads a `flattenSpec` (druid.md 1.3): which nested values become columns. Paths and programs are only compiled later
 * (formats/flatten); here each field has what its type needs, and each name stands once.
 */
import type { FlattenField, FlattenSpec } from './input-format.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag, text, word } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject } from './raw.ts';

const fieldTypes = ['root', 'path', 'jq', 'tree'] as const;

/** Null: not given. Names that are not known are reported by whoever checks the names of the format. */
export function readFlattenSpec(section: SectionReader): FlattenSpec | null {
  if (!section.has('flattenSpec')) return null;
  const spec = section.section('flattenSpec', 'optional', 'an object with useFieldDiscovery and fields');
  const useFieldDiscovery = spec.read('useFieldDiscovery', flag, true);
  const fields: FlattenField[] = [];
  const seen = new Set<string>();
  for (const { value, path } of spec.items('fields')) {
    const field = readField(spec, value, path);
    if (field === null) continue;
    if (seen.has(field.name))
      spec.problemAt(
        path,
        `${render(field.name)} a second time`,
        'each name once',
        'give the field another name',
      );
    seen.add(field.name);
    fields.push(field);
  }
  return { useFieldDiscovery, fields };
}

/** A plain text is the root field of that name. */
function readField(spec: SectionReader, value: unknown, path: string): FlattenField | null {
  if (typeof value === 'string' && value !== '') return { type: 'root', name: value, expr: value, nodes: [] };
  if (!isPlainObject(value)) {
    spec.problemAt(path, render(value), 'a field name, or an object with type, name and expr');
    return null;
  }
  const field = spec.at(value, path);
  const type = field.require('type', word(fieldTypes), null);
  const name = field.require('name', text('the name of the field in the row'), null);
  if (type === null || name === null) return null;
  if (type === 'tree') return readTree(field, name);
  if (type === 'root') {
    const expr = field.read('expr', text('the name of a root field'), name);
    return { type, name, expr, nodes: [] };
  }
  const expr = field.require('expr', text(expected[type]), null);
  return expr === null ? null : { type, name, expr, nodes: [] };
}

const expected = {
  path: 'a JsonPath such as $.user.name or $.items[*].price',
  jq: 'a jq program such as .user.name',
} as const;

function readTree(field: SectionReader, name: string): FlattenField | null {
  const nodes: string[] = [];
  for (const { value, path } of field.items('nodes')) {
    if (typeof value === 'string') nodes.push(value);
    else field.problemAt(path, render(value), 'a field name');
  }
  if (nodes.length > 0) return { type: 'tree', name, expr: null, nodes };
  field.problem('nodes', 'field names from the outside in, at least one');
  return null;
}
