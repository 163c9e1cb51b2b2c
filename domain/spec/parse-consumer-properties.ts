/**
 * Reads `consumerProperties` through the allow-list: what is kept is rebuilt from parsed values, as texts.
 *
 * No value of a key that is not allowed is ever repeated in a message: it may be a password.
 */
import {
  consumerProperties,
  isDangerousJaas,
  propertyFamilies,
  type ConsumerProperty,
} from './consumer-properties.ts';
import { nearest } from './field-names.ts';
import type { SectionReader } from './parse-reader.ts';
import { intMax, wholeNumber } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject, own } from './raw.ts';

export type ParsedConsumerProperties = {
  readonly bootstrapServers: readonly string[];
  readonly isolationLevel: 'read_committed' | 'read_uncommitted';
  readonly properties: Readonly<Record<string, string>>;
};

const serversMax = 100;
const valueLengthMax = 10_000;

const byKey: ReadonlyMap<string, ConsumerProperty> = new Map(
  consumerProperties.map((known) => [known.key, known]),
);

export function readConsumerProperties(section: SectionReader): ParsedConsumerProperties {
  const kept: [string, string][] = [];
  for (const key of Object.keys(section.raw)) {
    const value = readProperty(section, key);
    if (value !== null) kept.push([key, value]);
  }
  const properties = Object.fromEntries(kept.filter(([key]) => key !== 'bootstrap.servers'));
  return {
    bootstrapServers: readServers(section),
    isolationLevel:
      properties['isolation.level'] === 'read_uncommitted' ? 'read_uncommitted' : 'read_committed',
    properties,
  };
}

/** The text to keep, or null: not given, without effect, or a problem. */
function readProperty(section: SectionReader, key: string): string | null {
  const raw = section.get(key);
  if (raw === undefined || key === 'bootstrap.servers') return null;
  const known = byKey.get(key);
  if (known === undefined) return refuse(section, key, raw);
  if (isPlainObject(raw)) {
    notYet(section, key, 'values from a provider are not supported yet');
    return null;
  }
  const value = propertyText(raw);
  if (value === null) {
    section.problem(key, 'a text, a number, true or false');
    return null;
  }
  return keep(section, known, value);
}

function keep(section: SectionReader, known: ConsumerProperty, value: string): string | null {
  const { key } = known;
  const same = (candidate: string) => candidate.toLowerCase() === value.toLowerCase();
  if (known.values !== undefined && !known.values.some(same)) {
    section.problem(key, `one of ${known.values.join(', ')}`);
    return null;
  }
  if (known.least !== undefined && !wholeNumber(known.least, intMax).safeParse(value).success) {
    section.problem(key, `a whole number from ${known.least} to ${intMax}`);
    return null;
  }
  if (key === 'client.id' && !/^[\x21-\x7e]{1,200}$/.test(value)) {
    section.problem(key, '1 to 200 printable characters of ASCII without spaces');
    return null;
  }
  if (known.neutral?.some(same) === true) return null;
  if (known.class === 'works') return known.values?.find(same) ?? value;
  if (known.class === 'noEffect') section.warning(key, 'nothing; it has no effect here', known.meaning);
  else notYet(section, key, known.meaning);
  return null;
}

function propertyText(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value.length > valueLengthMax) return null;
  return value.trim();
}

function refuse(section: SectionReader, key: string, value: unknown): null {
  if (key === 'sasl.jaas.config' && isDangerousJaas(value)) {
    section.problemAt(
      section.pathOf(key),
      'a login module that is not allowed',
      'nothing; it is refused',
      'it can load code or call other hosts; leave it out',
    );
    return null;
  }
  const family = propertyFamilies.find((candidate) => candidate.pattern.test(key));
  if (family?.class === 'later') notYet(section, key, family.meaning);
  else if (family !== undefined)
    section.problemAt(
      section.pathOf(key),
      'a property that is not allowed',
      'nothing; it is refused',
      `${family.meaning}; leave it out`,
    );
  else refuseUnknown(section, key);
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

function notYet(section: SectionReader, key: string, why: string): void {
  section.problemAt(
    section.pathOf(key),
    'a property',
    'nothing; it is not supported yet',
    `leave it out: ${why}`,
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

/** `host:port`, `[::1]:port`, with or without `PLAINTEXT://`. Anything that looks like a path or carries a user is no server. */
function parseServer(server: string): string | null {
  const match = /^(?:PLAINTEXT:\/\/)?(\[[0-9A-Fa-f:.%]{2,60}\]|[A-Za-z0-9._-]{1,253}):(\d{1,5})$/i.exec(
    server,
  );
  const port = Number(match?.[2]);
  return match === null || port < 1 || port > 65_535 ? null : `${match[1]}:${port}`;
}
