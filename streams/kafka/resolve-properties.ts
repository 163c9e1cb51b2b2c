/**
 * Client properties with every reference replaced by what the environment of this process holds: done where a connection
 * is made, never before, and nothing of it is kept but in the settings of that connection.
 *
 * Only variables whose names begin with one of the prefixes an operator allows can be named by a spec: everything else in
 * the environment, the password of Postgres above all, is out of its reach.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { PropertyValues } from '../../domain/spec/property-value.ts';

export type SecretEnvironment = {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly prefixes: readonly string[];
};

export const noSecrets: SecretEnvironment = { variables: {}, prefixes: [] };

export function resolveProperties(
  properties: PropertyValues,
  environment: SecretEnvironment,
  /** Of the spec, for messages. */
  field = 'consumerProperties',
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : read(`${field}: ${key}`, value.variable, environment),
    ]),
  );
}

/** Trimmed, as Kafka's own clients do with every value: files of variables often end in a line break. */
function read(property: string, variable: string, { variables, prefixes }: SecretEnvironment): string {
  if (!prefixes.some((prefix) => variable.startsWith(prefix))) throw notAllowed(property, variable, prefixes);
  const text = Object.hasOwn(variables, variable) ? variables[variable]?.trim() : undefined;
  if (text !== undefined && text !== '') return text;
  throw new HeadgateError(
    'STREAM_SECRET_MISSING',
    `${property} is to be read from the environment variable ${variable}, which is ${text === undefined ? 'not set' : 'empty'} ` +
      `in this process; set it for every control and ingest worker and restart them`,
    { details: { property, variable } },
  );
}

function notAllowed(property: string, variable: string, prefixes: readonly string[]): HeadgateError {
  const allowed =
    prefixes.length === 0 ? 'none may be' : `only those beginning with ${prefixes.join(' or ')} may be`;
  return new HeadgateError(
    'STREAM_SECRET_MISSING',
    `${property} names the environment variable ${variable}, which a spec may not read: ${allowed}; ` +
      `rename the variable, or allow a prefix with HEADGATE_SECRET_ENV_PREFIXES`,
    { details: { property, variable } },
  );
}
