/**
 * Reads `consumerProperties` through the allow-list: what is kept is rebuilt from parsed values, as texts or as names of
 * environment variables (Druid's providers).
 *
 * No value of a key that is not allowed is ever repeated in a message: it may be a password.
 */
import {
  consumerProperties,
  propertyFamilies,
  providerKey,
  type ConsumerProperty,
} from './consumer-properties.ts';
import { nearest } from './field-names.ts';
import { maskedSecret, readPasswordProvider, readProvider } from './parse-providers.ts';
import type { SectionReader } from './parse-reader.ts';
import { intMax, wholeNumber } from './parse-values.ts';
import { render } from './problem.ts';
import type { PropertyValue, PropertyValues } from './property-value.ts';
import { isPlainObject, own } from './raw.ts';
import { checkSecurity } from './security-rules.ts';
import { mask } from './secrets.ts';

export type ParsedConsumerProperties = {
  readonly bootstrapServers: readonly string[];
  readonly isolationLevel: 'read_committed' | 'read_uncommitted';
  readonly properties: PropertyValues;
};

const serversMax = 100;
const valueLengthMax = 10_000;

/** What is needed before anything is connected, so no variable of a worker can hold it. */
const writtenOut: ReadonlySet<string> = new Set(['bootstrap.servers', 'isolation.level']);

const byKey: ReadonlyMap<string, ConsumerProperty> = new Map(
  consumerProperties.map((known) => [known.key, known]),
);

export function readConsumerProperties(section: SectionReader): ParsedConsumerProperties {
  const properties = { ...readPlain(section), ...readProvided(section) };
  checkSecurity(section, properties);
  return {
    bootstrapServers: readServers(section),
    isolationLevel:
      properties['isolation.level'] === 'read_uncommitted' ? 'read_uncommitted' : 'read_committed',
    properties,
  };
}

function readPlain(section: SectionReader): PropertyValues {
  const kept: [string, PropertyValue][] = [];
  for (const key of Object.keys(section.raw)) {
    if (key === 'bootstrap.servers' || key === providerKey) continue;
    const value = readProperty(section, key);
    if (value !== null) kept.push([key, value]);
  }
  return Object.fromEntries(kept);
}

/** They count more than what is written beside the provider, as with Druid. */
function readProvided(section: SectionReader): PropertyValues {
  const provided = readProvider(section);
  if (provided === null) return {};
  const kept: [string, PropertyValue][] = [];
  for (const key of Object.keys(provided.section.raw)) {
    if (section.has(key))
      section.warning(key, `nothing, for ${providerKey} gives it too`, 'what the provider gives is used');
    if (writtenOut.has(key))
      provided.section.problemAt(
        provided.section.pathOf(key),
        'a provider',
        'no such key',
        `write ${key} itself`,
      );
    else {
      const value = provided.isReference
        ? readReference(provided.section, key)
        : readProperty(provided.section, key);
      if (value !== null) kept.push([key, value]);
    }
  }
  return Object.fromEntries(kept);
}

/** A property named in `variables`. */
function readReference(section: SectionReader, key: string): PropertyValue | null {
  const variable = section.get(key);
  const known = byKey.get(key);
  if (known === undefined || key === providerKey) return refuse(section, key);
  const value = readPasswordProvider(section, key, { type: 'environment', variable });
  return value === null ? null : withEffect(section, known, value);
}

/** What to keep, or null: not given, without effect, or a problem. */
function readProperty(section: SectionReader, key: string): PropertyValue | null {
  const raw = section.get(key);
  if (raw === undefined) return null;
  const known = byKey.get(key);
  if (known === undefined || key === providerKey) return refuse(section, key);
  if (isPlainObject(raw) && !writtenOut.has(key)) {
    const provided = readPasswordProvider(section, key, raw);
    if (provided === null) return null;
    return typeof provided === 'string'
      ? keep(section, known, provided)
      : withEffect(section, known, provided);
  }
  const value = propertyText(raw, known.lengthMax ?? valueLengthMax);
  if (value === null) {
    section.problem(key, 'a text, a number, true or false');
    return null;
  }
  return keep(section, known, value);
}

function withEffect(
  section: SectionReader,
  known: ConsumerProperty,
  value: PropertyValue,
): PropertyValue | null {
  if (known.class === 'works') return value;
  section.warning(known.key, 'nothing; it has no effect here', known.meaning);
  return null;
}

function keep(section: SectionReader, known: ConsumerProperty, value: string): PropertyValue | null {
  const { key } = known;
  const complaint = complaintOf(known, value);
  if (complaint !== null) {
    section.problem(key, complaint.expected, complaint.remedy);
    return null;
  }
  const same = (candidate: string) => candidate.toLowerCase() === value.toLowerCase();
  if (known.neutral?.some(same) === true) return null;
  return withEffect(section, known, known.values?.find(same) ?? value);
}

type Complaint = { readonly expected: string; readonly remedy?: string };

function complaintOf(known: ConsumerProperty, value: string): Complaint | null {
  const same = (candidate: string) => candidate.toLowerCase() === value.toLowerCase();
  if (value === mask) return maskedSecret;
  if (known.values !== undefined && !known.values.some(same)) {
    const expected = known.values.length === 1 ? known.values[0]! : `one of ${known.values.join(', ')}`;
    const remedy = Object.entries(known.refused ?? {}).find(([name]) => same(name))?.[1];
    return { expected, ...(remedy === undefined ? {} : { remedy }) };
  }
  if (known.least !== undefined && !wholeNumber(known.least, intMax).safeParse(value).success)
    return { expected: `a whole number from ${known.least} to ${intMax}` };
  if (known.key === 'client.id' && !/^[\x21-\x7e]{1,200}$/.test(value))
    return { expected: '1 to 200 printable characters of ASCII without spaces' };
  return null;
}

function propertyText(value: unknown, lengthMax: number): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value.length > lengthMax) return null;
  return value.trim();
}

function refuse(section: SectionReader, key: string): null {
  const family = propertyFamilies.find((candidate) => candidate.pattern.test(key));
  if (family === undefined) refuseUnknown(section, key);
  else
    section.problemAt(
      section.pathOf(key),
      'a property that is not allowed',
      'nothing; it is refused',
      `${family.meaning}; ${family.remedy ?? 'leave it out'}`,
    );
  return null;
}

function refuseUnknown(section: SectionReader, key: string): void {
  const near = key.length > 60 ? null : nearest(key, [...byKey.keys()]);
  const remedy = near === null ? 'leave it out; docs/spec-fields.md lists them' : `did you mean ${near}?`;
  section.problemAt(
    section.pathOf(key),
    'an unknown property',
    'one of the allowed client properties',
    remedy,
  );
}

function readServers(section: SectionReader): readonly string[] {
  const key = 'bootstrap.servers';
  const expected = 'brokers as host:port, comma separated, such as "broker-1:9092,broker-2:9092"';
  const raw = own(section.raw, key);
  if (typeof raw !== 'string' || raw.length > valueLengthMax) {
    section.problem(key, expected);
    return [];
  }
  const servers = raw
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '');
  const wrong = servers.find((server) => parseServer(server) === null);
  if (servers.length === 0 || servers.length > serversMax) section.problem(key, expected);
  else if (wrong !== undefined) section.problemAt(section.pathOf(key), render(wrong), expected);
  return [...new Set(servers.map(parseServer).filter((server) => server !== null))];
}

/** `host:port`, `[::1]:port`, with or without a listener's protocol before it. Anything that looks like a path or carries a user is no server. */
function parseServer(server: string): string | null {
  const match =
    /^(?:(?:PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL):\/\/)?(\[[0-9A-Fa-f:.%]{2,60}\]|[A-Za-z0-9._-]{1,253}):(\d{1,5})$/i.exec(
      server,
    );
  const port = Number(match?.[2]);
  return match === null || port < 1 || port > 65_535 ? null : `${match[1]}:${port}`;
}
