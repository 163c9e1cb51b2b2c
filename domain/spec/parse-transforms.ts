/**
 * Reads `transformSpec`: fields made by expressions, and the filter. What an expression or a filter says is checked where
 * it is compiled (formats/check-spec.ts); here only that there is one.
 */
import type { Json } from '../json.ts';
import { columnComplaint } from './names.ts';
import type { SectionReader } from './parse-reader.ts';
import { text } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject } from './raw.ts';
import type { TransformSpec } from './spec.ts';

export function readTransforms(section: SectionReader): {
  readonly transforms: readonly TransformSpec[];
  readonly filter: Json | null;
} {
  const transforms: TransformSpec[] = [];
  const seen = new Set<string>();
  for (const { value, path } of section.items('transforms')) {
    if (!isPlainObject(value)) {
      section.problemAt(path, render(value), 'a transform: an object with type, name and expression');
      continue;
    }
    const reader = section.at(value, path);
    const transform = readTransform(reader);
    if (transform === null) continue;
    if (seen.has(transform.name))
      reader.problem('name', 'each transform once', 'give the transform another name');
    seen.add(transform.name);
    transforms.push(transform);
  }
  return { transforms, filter: readFilter(section) };
}

function readTransform(reader: SectionReader): TransformSpec | null {
  const type = reader.get('type');
  if (type !== 'expression') reader.problem('type', 'expression, the only type of transform');
  const name = reader.get('name');
  // An empty name is one that nothing refers to, as in Druid.
  const complaint =
    typeof name !== 'string' ? 'the name of the field it makes' : name === '' ? null : columnComplaint(name);
  if (complaint !== null) reader.problem('name', complaint);
  const expression = reader.require('expression', text('an expression'), null);
  if (type !== 'expression' || complaint !== null || typeof name !== 'string' || expression === null)
    return null;
  return { name, expression };
}

function readFilter(section: SectionReader): Json | null {
  const filter = section.get('filter');
  if (filter === undefined) return null;
  if (isPlainObject(filter)) return filter as Json;
  section.problem('filter', 'a filter: an object with a type');
  return null;
}
