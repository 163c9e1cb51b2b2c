/** Authorities and certificates made on the spot: what a broker and a client show each other in tests. */
import { createPrivateKey, webcrypto } from 'node:crypto';
import type { X509Certificate } from '@peculiar/x509';

// The library asks for a polyfill of decorator metadata, of which it uses nothing.
const reflect = Reflect as unknown as Record<string, unknown>;
reflect['getMetadata'] ??= () => undefined;
reflect['getOwnMetadata'] ??= () => undefined;
reflect['defineMetadata'] ??= () => undefined;
const x509 = await import('@peculiar/x509');

export type Identity = {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS8. */
  readonly key: string;
};

export type CertificateOptions = {
  readonly name: string;
  readonly hosts?: readonly string[];
  readonly addresses?: readonly string[];
  /** Days from today. */
  readonly from?: number;
  readonly to?: number;
};

type Keys = webcrypto.CryptoKeyPair;

const dayMs = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export class Authority {
  readonly #keys: Keys;
  readonly #own: X509Certificate;
  #serial = 1;

  private constructor(keys: Keys, own: X509Certificate) {
    this.#keys = keys;
    this.#own = own;
  }

  static async create(name: string): Promise<Authority> {
    const keys = await newKeys();
    const own = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + 30 * dayMs),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
    });
    return new Authority(keys, own);
  }

  /** PEM. */
  get certificate(): string {
    return this.#own.toString('pem');
  }

  async issue(options: CertificateOptions): Promise<Identity> {
    const keys = await newKeys();
    this.#serial += 1;
    const names = [
      ...(options.hosts ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(options.addresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      subject: `CN=${options.name}`,
      issuer: this.#own.subject,
      notBefore: new Date(Date.now() + (options.from ?? -1) * dayMs),
      notAfter: new Date(Date.now() + (options.to ?? 30) * dayMs),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
    });
    return { certificate: certificate.toString('pem'), key: await keyPem(keys) };
  }
}

/** Signed by itself, with a key far too short. */
export async function weakIdentity(): Promise<Identity> {
  const signingAlgorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 512,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=weak',
    keys,
    signingAlgorithm,
  });
  return { certificate: own.toString('pem'), key: await keyPem(keys) };
}

export function encrypted(key: string, passphrase: string): string {
  return createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
}

async function newKeys(): Promise<Keys> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function keyPem(keys: Keys): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return x509.PemConverter.encode(bytes, 'PRIVATE KEY');
}
