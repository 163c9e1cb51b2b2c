/**
 * TLS as the client properties want it: trusted authorities, an own certificate, versions, and the check of the host name.
 *
 * Whatever is wrong with a certificate or a key is found here, before any connection, and named without showing it.
 * Certificates of brokers are always verified; only the check of the host name can be switched off.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP, type OnReadOpts } from 'node:net';
import {
  connect,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { readVersions } from '../../domain/spec/security-rules.ts';
import { pemBlocks, type PemBlock } from './pem.ts';
import { SecurityProblem } from './security-problem.ts';

export type TlsSettings = {
  readonly context: SecureContext;
  readonly checksHostName: boolean;
  readonly hasOwnCertificate: boolean;
  readonly hasOwnAuthorities: boolean;
};

type Properties = Readonly<Record<string, string>>;

/** Throws SecurityProblem. */
export function tlsSettings(properties: Properties): TlsSettings {
  refuseStores(properties);
  const authorities = readCertificates(properties, 'ssl.truststore.certificates');
  const chain = readCertificates(properties, 'ssl.keystore.certificate.chain');
  const key = readKey(properties);
  const algorithm = (properties['ssl.endpoint.identification.algorithm'] ?? 'https').toLowerCase();
  if (algorithm !== '' && algorithm !== 'https')
    throw new SecurityProblem('ssl.endpoint.identification.algorithm', 'another text', 'https, or nothing');
  checkPair(chain, key);
  return {
    context: contextOf({
      ...versionsOf(properties),
      ...(authorities.length === 0 ? {} : { ca: authorities.map(({ text }) => text) }),
      ...(chain.length === 0 ? {} : { cert: chain.map(({ text }) => text).join('') }),
      ...(key === null ? {} : { key: key.export({ type: 'pkcs8', format: 'pem' }) }),
    }),
    checksHostName: algorithm === 'https',
    hasOwnCertificate: chain.length > 0,
    hasOwnAuthorities: authorities.length > 0,
  };
}

/** OpenSSL has a say of its own: keys that are too short, signatures that are too weak. */
function contextOf(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
    throw new SecurityProblem(
      options.cert === undefined ? 'ssl.truststore.certificates' : 'ssl.keystore.certificate.chain',
      `a certificate or key that OpenSSL does not take (${code})`,
      'one it takes',
      'make it anew: RSA of 2048 bits or more, signed with SHA-256',
    );
  }
}

/** The broker is to prove that it is `host`; a number is no name that can be asked for (SNI). */
export function connectTls(
  address: { readonly host: string; readonly port: number },
  settings: TlsSettings,
  options: { readonly onread: OnReadOpts },
): TLSSocket {
  return connect({
    ...address,
    ...options,
    ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
    secureContext: settings.context,
    ...(settings.checksHostName ? {} : { checkServerIdentity: () => undefined }),
  });
}

function refuseStores(properties: Properties): void {
  for (const key of ['ssl.truststore.type', 'ssl.keystore.type']) {
    const type = properties[key];
    if (type !== undefined && type.toUpperCase() !== 'PEM')
      throw new SecurityProblem(key, 'another kind of store', 'PEM', 'convert it (docs/kafka-security.md)');
  }
}

function readBlocks(properties: Properties, key: string): readonly PemBlock[] {
  const text = properties[key];
  if (text === undefined) return [];
  const blocks = pemBlocks(text);
  if (blocks === null || blocks.length === 0)
    throw new SecurityProblem(
      key,
      'a text that is not PEM',
      'the lines from -----BEGIN ...----- to -----END ...-----, complete',
      text.startsWith('/') ? 'give the text of the file, not its name' : undefined,
    );
  return blocks;
}

function readCertificates(properties: Properties, key: string): readonly PemBlock[] {
  const blocks = readBlocks(properties, key);
  for (const [index, { label, text }] of blocks.entries()) {
    if (label.endsWith('PRIVATE KEY'))
      throw new SecurityProblem(
        key,
        'a private key',
        'certificates only',
        'put the key into ssl.keystore.key',
      );
    if (!/^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
      throw new SecurityProblem(key, 'a block that is no certificate', 'certificates only');
    try {
      new X509Certificate(text);
    } catch {
      throw new SecurityProblem(
        key,
        `a certificate that cannot be read, number ${index + 1}`,
        'X.509 as PEM',
      );
    }
  }
  return blocks;
}

function readKey(properties: Properties): KeyObject | null {
  const name = 'ssl.keystore.key';
  const blocks = readBlocks(properties, name);
  const [block] = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (blocks.length === 0) return null;
  if (block === undefined) throw new SecurityProblem(name, 'no private key', 'a private key as PEM');
  const passphrase = properties['ssl.key.password'];
  const isEncrypted = block.label === 'ENCRYPTED PRIVATE KEY';
  if (isEncrypted && passphrase === undefined)
    throw new SecurityProblem(
      'ssl.key.password',
      'nothing',
      'the password of ssl.keystore.key, which is encrypted',
    );
  try {
    return createPrivateKey({ key: block.text, ...(isEncrypted ? { passphrase } : {}) });
  } catch {
    throw isEncrypted
      ? new SecurityProblem(
          'ssl.key.password',
          'a password that does not open ssl.keystore.key',
          'the right one',
        )
      : new SecurityProblem(name, 'a key that cannot be read', 'PKCS8 as PEM (-----BEGIN PRIVATE KEY-----)');
  }
}

function checkPair(chain: readonly PemBlock[], key: KeyObject | null): void {
  const [first] = chain;
  if (first === undefined && key === null) return;
  if (first === undefined)
    throw new SecurityProblem(
      'ssl.keystore.certificate.chain',
      'nothing',
      'the certificate of ssl.keystore.key',
    );
  if (key === null)
    throw new SecurityProblem('ssl.keystore.key', 'nothing', 'the key of ssl.keystore.certificate.chain');
  if (!new X509Certificate(first.text).checkPrivateKey(key))
    throw new SecurityProblem(
      'ssl.keystore.key',
      'the key of another certificate',
      'that of the first certificate of ssl.keystore.certificate.chain',
      'the own certificate comes first, those that sign it after it',
    );
}

function versionsOf(properties: Properties): {
  minVersion: 'TLSv1.2' | 'TLSv1.3';
  maxVersion: 'TLSv1.2' | 'TLSv1.3';
} {
  const fallback = properties['ssl.protocol'] === 'TLSv1.2' ? 'TLSv1.2' : 'TLSv1.2,TLSv1.3';
  const versions = readVersions(properties['ssl.enabled.protocols'] ?? fallback);
  if (versions === null)
    throw new SecurityProblem('ssl.enabled.protocols', 'another version', 'TLSv1.2, TLSv1.3, or both');
  return {
    minVersion: versions.has('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
    maxVersion: versions.has('TLSv1.3') ? 'TLSv1.3' : 'TLSv1.2',
  };
}
