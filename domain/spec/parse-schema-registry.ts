/**
 * Reads where Confluent-style schemas come from: `url` or `urls`, `capacity`, `config`, `headers` (druid.md 1.3). Only settings that
 * mean something here are taken; secrets may be references, which are looked up when the registry is asked.
 */
import { z } from 'zod';
import { providerKey } from './consumer-properties.ts';
import type { SchemaRegistry } from './input-format.ts';
import { maskedSecret, readPasswordProvider, readProvider } from './parse-providers.ts';
import type { SectionReader } from './parse-reader.ts';
import { intMax, wholeNumber } from './parse-values.ts';
import type { PropertyValue, PropertyValues } from './property-value.ts';
import { isPlainObject } from './raw.ts';
import { mask } from './secrets.ts';

/** A schema is seldom larger than some kilobytes; a task needs as many as its topic has versions. */
const standardCapacity = 1_000;
const maxUrls = 20;
const maxProperties = 50;

export const registryFields: readonly string[] = ['type', 'url', 'urls', 'capacity', 'config', 'headers'];

export function readSchemaRegistry(section: SectionReader): SchemaRegistry {
  return {
    urls: readUrls(section),
    capacity: Math.min(section.read('capacity', wholeNumber(1, intMax), standardCapacity), 10_000),
    config: checkedConfig(section, readProperties(section, 'config', configProblem)),
    headers: readProperties(section, 'headers', headerProblem),
  };
}

const urlForm = 'an address such as https://registry.example.com:8081';

/** `url` is the older name; an empty one counts as not given. */
function readUrls(section: SectionReader): readonly string[] {
  const single = section.read('url', z.string({ error: urlForm }), '');
  const field = single === '' ? 'urls' : 'url';
  const urls =
    single === ''
      ? section.require(
          'urls',
          z.array(z.string({ error: urlForm }), { error: `${urlForm}, in an array` }),
          [],
        )
      : [single];
  if (
    section.has(field) &&
    (urls.length > maxUrls || (urls.length === 0 && Array.isArray(section.get(field))))
  )
    section.problem(field, `1 to ${maxUrls} addresses`);
  const wrong = urls.map(urlProblem).find((problem) => problem !== null);
  if (wrong !== undefined) section.problemAt(section.pathOf(field), wrong.found, urlForm, wrong.remedy);
  return urls;
}

/** The address is only shown when it holds no credentials. */
function urlProblem(url: string): { readonly found: string; readonly remedy?: string } | null {
  if (/^[a-z]+:\/\/[^/?#]*@/i.test(url))
    return { found: 'an address with credentials', remedy: 'give them as basic.auth.user.info in config' };
  const found = JSON.stringify(url.slice(0, 80));
  if (!/^https?:\/\/[^\s/?#]+(?:\/[^\s?#]*)?$/i.test(url) || url.length > 1_000)
    return { found, remedy: 'only http and https, without query and fragment' };
  return URL.canParse(url) ? null : { found };
}

/** Null: the name is known. A text: why it is not. */
type NameProblem = (name: string) => { readonly expected: string; readonly remedy: string } | null;

function readProperties(
  section: SectionReader,
  field: 'config' | 'headers',
  nameProblem: NameProblem,
): PropertyValues {
  const inside = section.section(field, 'optional', 'an object from names to texts');
  const provided = readProvider(inside);
  const sources = [
    ...Object.keys(inside.raw)
      .filter((name) => name !== providerKey)
      .map((name) => ({ from: inside, name, isReference: false })),
    ...Object.keys(provided?.section.raw ?? {}).map((name) => ({
      from: provided?.section ?? inside,
      name,
      isReference: provided?.isReference ?? false,
    })),
  ];
  if (sources.length > maxProperties) section.problem(field, `at most ${maxProperties} entries`);
  const values: [string, PropertyValue][] = [];
  for (const { from, name, isReference } of sources.slice(0, maxProperties)) {
    if (!from.has(name)) continue;
    const wrong = nameProblem(name);
    const value = wrong === null ? readValue(from, name, isReference) : null;
    if (wrong !== null) from.problem(name, wrong.expected, wrong.remedy);
    if (value === mask) from.problem(name, maskedSecret.expected, maskedSecret.remedy);
    else if (value !== null) values.push([name.replace(/^schema\.registry\./, ''), value]);
  }
  return Object.fromEntries(values);
}

function readValue(section: SectionReader, name: string, isReference: boolean): PropertyValue | null {
  const raw = section.get(name);
  if (isReference) {
    const variable = section.read(
      name,
      z.string().regex(/^[A-Za-z_]\w{0,199}$/, 'the name of a variable'),
      null,
    );
    return variable === null ? null : { variable };
  }
  if (isPlainObject(raw)) return readPasswordProvider(section, name, raw);
  return section.read(name, z.string({ error: 'a text' }).regex(/^[^\r\n\0]*$/, 'a text in one line'), null);
}

const configNames: ReadonlySet<string> = new Set([
  'basic.auth.credentials.source',
  'basic.auth.user.info',
  'bearer.auth.credentials.source',
  'bearer.auth.token',
]);

function configProblem(name: string): ReturnType<NameProblem> {
  const plain = name.replace(/^schema\.registry\./, '');
  if (configNames.has(plain)) return null;
  return plain.startsWith('ssl.')
    ? {
        expected: 'nothing; it is refused',
        remedy: 'no file of a worker is read; add an authority of your own by NODE_EXTRA_CA_CERTS',
      }
    : { expected: `one of ${[...configNames].join(', ')}`, remedy: 'leave it out' };
}

const ownHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
]);

function headerProblem(name: string): ReturnType<NameProblem> {
  if (/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name) && !ownHeaders.has(name.toLowerCase())) return null;
  return { expected: 'the name of an HTTP header', remedy: 'leave it out' };
}

function checkedConfig(section: SectionReader, config: PropertyValues): PropertyValues {
  const inside = section.section('config', 'optional', 'an object from names to texts');
  for (const [name, wanted] of [
    ['basic.auth.credentials.source', 'USER_INFO'],
    ['bearer.auth.credentials.source', 'STATIC_TOKEN'],
  ] as const)
    if (name in config && config[name] !== wanted)
      inside.problem(name, wanted, 'other sources are not supported');
  if ('basic.auth.user.info' in config && 'bearer.auth.token' in config)
    inside.problem('bearer.auth.token', 'nothing, for basic.auth.user.info is given', 'keep one of the two');
  return config;
}
