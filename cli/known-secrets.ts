/**
 * A spec as a GET shows it has masks for secrets, and some of them (a login module) cannot be read as one. For a comparison
 * each mask is taken to be what the file says at the same place: whether it is the same secret cannot be told from outside.
 */
import { mask } from '../domain/spec/secrets.ts';
import { isObject } from './client.ts';

/** Where the file has nothing to say, so that the rest can be compared. */
const someLogin =
  'org.apache.kafka.common.security.plain.PlainLoginModule required username="unknown" password="unknown";';

/** Anything but the mask, which is refused in a spec. */
const someSecret = 'unknown';

export type Filled = {
  readonly spec: unknown;
  /** Places whose secrets could not be compared. */
  readonly taken: readonly string[];
};

export function withKnownSecrets(shown: unknown, file: unknown): Filled {
  const taken: string[] = [];
  const spec = fill(shown, file, '', taken);
  return { spec, taken };
}

function fill(shown: unknown, file: unknown, path: string, taken: string[]): unknown {
  if (shown === mask) {
    if (typeof file === 'string') {
      taken.push(path);
      return file;
    }
    return path.endsWith('sasl.jaas.config') ? someLogin : someSecret;
  }
  if (Array.isArray(shown))
    return shown.map((item: unknown, index) =>
      fill(item, Array.isArray(file) ? file[index] : undefined, `${path}[${index}]`, taken),
    );
  if (!isObject(shown)) return shown;
  return Object.fromEntries(
    Object.entries(shown).map(([name, value]) => [
      name,
      fill(value, memberOf(file, name), path === '' ? name : `${path}.${name}`, taken),
    ]),
  );
}

function memberOf(file: unknown, name: string): unknown {
  return isObject(file) && Object.hasOwn(file, name) ? file[name] : undefined;
}
