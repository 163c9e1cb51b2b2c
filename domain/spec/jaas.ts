/**
 * Reads `sasl.jaas.config` as Kafka's clients write it, `Module required username="..." password="...";`, and nothing else.
 *
 * No class is ever loaded: the module only says how user name and password are used, and any but the two is refused by
 * name. Linear in the text. No part of the text is ever in what is said about it, but for the name of a login module.
 */

export type JaasModule = 'plain' | 'scram';

export type Jaas =
  | {
      readonly kind: 'ok';
      readonly module: JaasModule;
      readonly username: string;
      readonly password: string;
    }
  | { readonly kind: 'wrong'; readonly found: string; readonly expected: string; readonly remedy?: string };

/** The second spelling is that of clients packed with another program. */
const modules: ReadonlyMap<string, JaasModule> = new Map([
  ['org.apache.kafka.common.security.plain.PlainLoginModule', 'plain'],
  ['org.apache.kafka.common.security.scram.ScramLoginModule', 'scram'],
  ['kafkashaded.org.apache.kafka.common.security.plain.PlainLoginModule', 'plain'],
  ['kafkashaded.org.apache.kafka.common.security.scram.ScramLoginModule', 'scram'],
]);

const controlFlags: ReadonlySet<string> = new Set(['required', 'requisite', 'sufficient', 'optional']);

export const jaasForm =
  'org.apache.kafka.common.security.scram.ScramLoginModule (or plain.PlainLoginModule) required username="..." password="...";';

type Token = { readonly kind: 'word' | 'quoted' | 'sign'; readonly text: string };

export function parseJaas(text: string): Jaas {
  const tokens = tokenize(text);
  if (tokens === null) return malformed('a text whose quotes do not end');
  const [name, flag, ...rest] = tokens;
  if (name?.kind !== 'word') return malformed('no login module');
  const module = modules.get(name.text);
  if (module === undefined) return otherModule(name.text);
  if (flag?.kind !== 'word' || !controlFlags.has(flag.text.toLowerCase()))
    return malformed('no "required" after the login module');
  return readOptions(module, rest);
}

function readOptions(module: JaasModule, tokens: readonly Token[]): Jaas {
  const options = new Map<string, string>();
  let at = 0;
  while (at < tokens.length && tokens[at]?.text !== ';') {
    const [key, equals, value] = tokens.slice(at, at + 3);
    if (key?.kind !== 'word' || equals?.kind !== 'sign' || equals.text !== '=')
      return malformed('an option without "="');
    if (value === undefined || value.kind === 'sign') return malformed('an option without a value');
    if (key.text !== 'username' && key.text !== 'password')
      return wrong('an option other than username and password', 'username and password', 'leave it out');
    if (options.has(key.text)) return malformed(`${key.text} twice`);
    options.set(key.text, value.text);
    at += 3;
  }
  if (at === tokens.length) return malformed('a text without ";" at its end');
  if (at < tokens.length - 1) return wrong('more than one login module', 'one', 'keep the one that is used');
  const [username = '', password = ''] = [options.get('username'), options.get('password')];
  if (username === '' || password === '') {
    const missing = username === '' ? 'username' : 'password';
    return wrong(`no ${missing}, or an empty one`, `username="..." and password="..."`);
  }
  if (`${username}${password}`.includes('\0'))
    return wrong('a zero character in username or password', 'a text without it');
  return { kind: 'ok', module, username, password };
}

const signs: ReadonlySet<string> = new Set([';', '=']);

/** Null when a quoted text does not end. Either quote is known, and a backslash takes the character after it as it is. */
function tokenize(text: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (/\s/.test(char)) {
      at += 1;
    } else if (signs.has(char)) {
      tokens.push({ kind: 'sign', text: char });
      at += 1;
    } else if (char === '"' || char === "'") {
      const quoted = readQuoted(text, at);
      if (quoted === null) return null;
      tokens.push({ kind: 'quoted', text: quoted.text });
      at = quoted.after;
    } else {
      const start = at;
      while (at < text.length && !/[\s;="']/.test(text[at] ?? '')) at += 1;
      tokens.push({ kind: 'word', text: text.slice(start, at) });
    }
  }
  return tokens;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function readQuoted(text: string, start: number): { readonly text: string; readonly after: number } | null {
  const quote = text[start];
  const parts: string[] = [];
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === quote) return { text: parts.join(''), after: at + 1 };
    if (char === '\n' || char === '\r') return null;
    if (char !== '\\') parts.push(char);
    else {
      at += 1;
      const escaped = text[at] ?? '';
      parts.push(escapes[escaped] ?? escaped);
    }
  }
  return null;
}

/** Why each is not there, by the end of its name. */
const knownModules: readonly (readonly [RegExp, string])[] = [
  [/OAuthBearerLoginModule$/, 'OAUTHBEARER makes the worker call an address that a spec names'],
  [/Krb5LoginModule$/, 'GSSAPI (Kerberos) needs files and tickets on the worker'],
  [/IAMLoginModule$/, 'AWS_MSK_IAM is not supported; Amazon MSK takes SCRAM-SHA-512 too'],
];

function otherModule(name: string): Jaas {
  const short = /([A-Za-z0-9_$]{0,60}LoginModule)$/.exec(name)?.[1];
  if (short === undefined) return malformed('no login module');
  const why = knownModules.find(([pattern]) => pattern.test(name))?.[1];
  return wrong(
    `the login module ${short}, which is refused`,
    'PlainLoginModule or ScramLoginModule of Kafka, by its full name',
    why ?? 'a login module can load code or call other hosts; only these two are known',
  );
}

function malformed(found: string): Jaas {
  return wrong(found, jaasForm);
}

function wrong(found: string, expected: string, remedy?: string): Jaas {
  return { kind: 'wrong', found, expected, ...(remedy === undefined ? {} : { remedy }) };
}
