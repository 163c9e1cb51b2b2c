/**
 * What the client properties of TLS and SASL must have in common, as far as a spec says it: what is missing, what
 * contradicts, what has no effect, what is unsafe. Values that come from the environment are looked at when a connection
 * is made.
 */
import { parseJaas } from './jaas.ts';
import type { SectionReader } from './parse-reader.ts';
import type { PropertyValues } from './property-value.ts';

export function checkSecurity(section: SectionReader, properties: PropertyValues): void {
  checkLogin(section, properties);
  const protocol = properties['security.protocol'] ?? 'PLAINTEXT';
  if (typeof protocol !== 'string') return;
  const usesSasl = protocol.startsWith('SASL_');
  const usesTls = protocol.endsWith('SSL');
  if (usesSasl) checkSasl(section, properties, usesTls);
  else warnUnused(section, properties, { prefix: 'sasl.', protocol, instead: `SASL_${protocol}` });
  if (usesTls) checkTls(section, properties);
  else warnUnused(section, properties, { prefix: 'ssl.', protocol, instead: usesSasl ? 'SASL_SSL' : 'SSL' });
}

function checkSasl(section: SectionReader, properties: PropertyValues, usesTls: boolean): void {
  const mechanism = properties['sasl.mechanism'];
  const config = properties['sasl.jaas.config'];
  const given = (key: string) => isGiven(section, key);
  if (mechanism === undefined && !given('sasl.mechanism'))
    section.problem(
      'sasl.mechanism',
      'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512',
      "Kafka's own default, GSSAPI, is not supported",
    );
  if (config === undefined && !given('sasl.jaas.config'))
    section.problem('sasl.jaas.config', 'a login module with username and password, or a provider');
  if (mechanism === 'PLAIN' && !usesTls)
    section.warning(
      'sasl.mechanism',
      'SCRAM, or SASL_SSL as security.protocol',
      'PLAIN without TLS sends the password over the network as it is',
    );
}

/** Whether it is used or not: a login module that is refused is never stored. */
function checkLogin(section: SectionReader, properties: PropertyValues): void {
  const mechanism = properties['sasl.mechanism'];
  const config = properties['sasl.jaas.config'];
  if (typeof config !== 'string') return;
  const jaas = parseJaas(config);
  if (jaas.kind === 'wrong')
    section.problemAt(section.pathOf('sasl.jaas.config'), jaas.found, jaas.expected, jaas.remedy);
  else if (typeof mechanism === 'string' && (mechanism === 'PLAIN') !== (jaas.module === 'plain'))
    section.problemAt(
      section.pathOf('sasl.jaas.config'),
      jaas.module === 'plain' ? 'PlainLoginModule' : 'ScramLoginModule',
      `the login module of sasl.mechanism ${mechanism}`,
      mechanism === 'PLAIN' ? 'use PlainLoginModule' : 'use ScramLoginModule',
    );
}

function checkTls(section: SectionReader, properties: PropertyValues): void {
  const key = properties['ssl.keystore.key'];
  const chain = properties['ssl.keystore.certificate.chain'];
  if (key !== undefined && chain === undefined && !isGiven(section, 'ssl.keystore.certificate.chain'))
    section.problem('ssl.keystore.certificate.chain', 'the certificate of ssl.keystore.key, as PEM');
  if (chain !== undefined && key === undefined && !isGiven(section, 'ssl.keystore.key'))
    section.problem('ssl.keystore.key', 'the private key of ssl.keystore.certificate.chain, as PEM');
  if (properties['ssl.endpoint.identification.algorithm'] === '')
    section.warning(
      'ssl.endpoint.identification.algorithm',
      'https',
      'host names are not checked: whoever has any certificate of a trusted authority can pose as the broker',
    );
  checkVersions(section, properties['ssl.enabled.protocols']);
}

function checkVersions(section: SectionReader, versions: PropertyValues[string] | undefined): void {
  if (typeof versions !== 'string' || readVersions(versions) !== null) return;
  section.problem(
    'ssl.enabled.protocols',
    'TLSv1.2, TLSv1.3, or both, comma separated',
    'older versions are not safe any more',
  );
}

/** Null: one is not known, or none is there. */
export function readVersions(text: string): ReadonlySet<'TLSv1.2' | 'TLSv1.3'> | null {
  const found = new Set<'TLSv1.2' | 'TLSv1.3'>();
  for (const word of text.split(',').map((part) => part.trim())) {
    if (word !== 'TLSv1.2' && word !== 'TLSv1.3') return null;
    found.add(word);
  }
  return found;
}

function warnUnused(
  section: SectionReader,
  properties: PropertyValues,
  hint: { readonly prefix: string; readonly protocol: string; readonly instead: string },
): void {
  const [first] = Object.keys(properties).filter((key) => key.startsWith(hint.prefix));
  if (first === undefined) return;
  section.warning(
    first,
    `nothing, for security.protocol is ${hint.protocol}`,
    `it has no effect; did you mean security.protocol ${hint.instead}?`,
  );
}

/** A value that was refused has been spoken of already. */
function isGiven(section: SectionReader, key: string): boolean {
  return section.has(key);
}
