/**
 * Druid's providers of secrets: an object instead of a value, which names where the value is. Those are known that name an
 * environment variable, and those that carry the value itself; what they say is data, nothing is looked up here.
 */
import { providerKey } from './consumer-properties.ts';
import type { SectionReader } from './parse-reader.ts';
import type { PropertyValue } from './property-value.ts';
import { isPlainObject, own, type JsonObject } from './raw.ts';

const variableName = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/;
const passwordForms = '{"type": "environment", "variable": "KAFKA_PASSWORD"}, or a text';
const dynamicForms =
  '{"type": "environment", "variables": {"sasl.jaas.config": "KAFKA_JAAS"}}, or {"type": "mapString", "config": {...}}';

/** In the place of one value. Null: a problem. */
export function readPasswordProvider(
  section: SectionReader,
  key: string,
  raw: JsonObject,
): PropertyValue | null {
  const type = own(raw, 'type');
  if (type === 'environment') {
    const variable = own(raw, 'variable');
    if (typeof variable === 'string' && variableName.test(variable)) return { variable };
    const name = 'the name of an environment variable: letters, digits and "_"';
    section.problemAt(section.pathOf(key), 'a provider without a usable variable', name);
    return null;
  }
  if (type === 'default') {
    const password = own(raw, 'password');
    if (typeof password === 'string' && password.length <= 10_000) return password.trim();
    section.problemAt(section.pathOf(key), 'a provider without a password', 'a text as password');
    return null;
  }
  section.problemAt(section.pathOf(key), otherType(type), passwordForms);
  return null;
}

/** A spec that was shown is posted again: the mask must not take the place of the secret. */
export const maskedSecret = {
  expected: 'the value itself, or a provider',
  remedy: 'it is masked wherever a spec is shown; write the secret again, or name an environment variable',
};

export type Provided = {
  /** From names of properties to names of variables, or to values. */
  readonly section: SectionReader;
  readonly isReference: boolean;
};

/** `druid.dynamic.config.provider`. Null: not given, or a problem. */
export function readProvider(section: SectionReader): Provided | null {
  const raw = section.get(providerKey);
  if (raw === undefined) return null;
  if (!isPlainObject(raw)) {
    section.problemAt(section.pathOf(providerKey), 'a value that is no object', dynamicForms);
    return null;
  }
  const type = own(raw, 'type');
  const field = type === 'environment' ? 'variables' : type === 'mapString' ? 'config' : null;
  const provider = section.at(raw, section.pathOf(providerKey));
  if (field === null) {
    section.problemAt(section.pathOf(providerKey), otherType(type), dynamicForms);
    return null;
  }
  const inside = own(raw, field);
  if (!isPlainObject(inside)) {
    provider.problem(field, 'an object from names of properties to texts');
    return null;
  }
  return { section: section.at(inside, provider.pathOf(field)), isReference: field === 'variables' };
}

/** Types are words; anything longer may be anything. */
function otherType(type: unknown): string {
  return typeof type === 'string' && /^[A-Za-z]{1,30}$/.test(type)
    ? `a provider of type ${type}`
    : 'an object that is no provider';
}
