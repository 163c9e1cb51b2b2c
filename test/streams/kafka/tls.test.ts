/** Certificates and keys as people paste them, and each way to get them wrong by its name. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { pemBlocks } from '../../../streams/kafka/pem.ts';
import { SecurityProblem } from '../../../streams/kafka/security-problem.ts';
import { tlsSettings } from '../../../streams/kafka/tls.ts';
import { Authority, encrypted, weakIdentity, type Identity } from '../../support/certificates.ts';

let authority: Authority;
let own: Identity;
let other: Identity;

beforeAll(async () => {
  authority = await Authority.create('Authority');
  own = await authority.issue({ name: 'own' });
  other = await authority.issue({ name: 'other' });
});

const chain = 'ssl.keystore.certificate.chain';
const key = 'ssl.keystore.key';
const authorities = 'ssl.truststore.certificates';

describe('PEM', () => {
  it.each([
    ['as it comes from a file', (pem: string) => pem],
    ['with the line breaks of Windows', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ['with written line breaks', (pem: string) => pem.replaceAll('\n', '\\n')],
    ['in one line', (pem: string) => pem.replaceAll('\n', ' ')],
    ['with words around it', (pem: string) => `Bag Attributes\n  friendlyName: x\n${pem}\nthe end`],
    ['indented', (pem: string) => pem.replaceAll(/^/gm, '    ')],
  ])('is read %s', (_how, written) => {
    const blocks = pemBlocks(written(`${own.certificate}\n${authority.certificate}`));
    expect(blocks?.map(({ label }) => label)).toEqual(['CERTIFICATE', 'CERTIFICATE']);
    const subjects = blocks?.map(({ text }) => new X509Certificate(text).subject);
    expect(subjects).toEqual(['CN=own', 'CN=Authority']);
  });

  it.each([
    '-----BEGIN CERTIFICATE-----',
    '-----BEGIN CERTIFICATE-----\nAAAA\n',
    '-----BEGIN CERTIFICATE-----\n<html>\n-----END CERTIFICATE-----',
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----',
    '-----BEGIN A-----\nAAAA\n-----END B-----',
    '-----BEGIN ',
  ])('that is broken is none: %j', (text) => {
    expect(pemBlocks(text)).toBeNull();
  });

  it('is read in linear time', () => {
    expect(pemBlocks('-----BEGIN X-----'.repeat(30_000))).toBeNull();
    expect(pemBlocks(`-----BEGIN X-----${'A'.repeat(500_000)}`)).toBeNull();
    expect(pemBlocks(`-----BEGIN X-----${'\\n'.repeat(200_000)}-----END X-----`)).toBeNull();
  });
});

describe('TLS settings', () => {
  it('are made of nothing, of authorities, of a pair', () => {
    expect(tlsSettings({})).toMatchObject({ checksHostName: true, hasOwnCertificate: false });
    expect(tlsSettings({ [authorities]: authority.certificate })).toMatchObject({ hasOwnAuthorities: true });
    const pair = { [chain]: `${own.certificate}\n${authority.certificate}`, [key]: own.key };
    expect(tlsSettings(pair)).toMatchObject({ hasOwnCertificate: true });
    const locked = { ...pair, [key]: encrypted(own.key, 'opens'), 'ssl.key.password': 'opens' };
    expect(tlsSettings(locked)).toMatchObject({ hasOwnCertificate: true });
    // A password of a key that needs none is not looked at.
    expect(tlsSettings({ ...pair, 'ssl.key.password': 'x' })).toMatchObject({ hasOwnCertificate: true });
  });

  const wrong: [string, () => Record<string, string>, string, RegExp][] = [
    [
      'a name of a file',
      () => ({ [authorities]: '/etc/ssl/ca.pem' }),
      authorities,
      /give the text of the file/,
    ],
    ['an empty text', () => ({ [authorities]: '' }), authorities, /not PEM/],
    ['half a certificate', () => ({ [authorities]: own.certificate.slice(0, 200) }), authorities, /not PEM/],
    [
      'a damaged certificate',
      () => ({ [authorities]: `${own.certificate}\n${own.certificate.replace(/\n.{10}/, '\n')}` }),
      authorities,
      /cannot be read, number 2/,
    ],
    [
      'a key among authorities',
      () => ({ [authorities]: own.key }),
      authorities,
      /a private key.*ssl\.keystore\.key/,
    ],
    [
      'a request as certificate',
      () => ({ [chain]: own.certificate.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST') }),
      chain,
      /no certificate/,
    ],
    [
      'a certificate as key',
      () => ({ [chain]: own.certificate, [key]: own.certificate }),
      key,
      /no private key/,
    ],
    [
      'a damaged key',
      () => ({ [chain]: own.certificate, [key]: own.key.replace(/\n.{10}/, '\n') }),
      key,
      /cannot be read/,
    ],
    [
      'the key of another',
      () => ({ [chain]: own.certificate, [key]: other.key }),
      key,
      /key of another certificate/,
    ],
    [
      'the authority first',
      () => ({ [chain]: `${authority.certificate}\n${own.certificate}`, [key]: own.key }),
      key,
      /own certificate comes first/,
    ],
    ['a key without a certificate', () => ({ [key]: own.key }), chain, /certificate of ssl\.keystore\.key/],
    ['a certificate without a key', () => ({ [chain]: own.certificate }), key, /nothing/],
    [
      'no password for an encrypted key',
      () => ({ [chain]: own.certificate, [key]: encrypted(own.key, 'x') }),
      'ssl.key.password',
      /which is encrypted/,
    ],
    [
      'a wrong password of a key',
      () => ({ [chain]: own.certificate, [key]: encrypted(own.key, 'x'), 'ssl.key.password': 'canary' }),
      'ssl.key.password',
      /does not open/,
    ],
    ['an old version', () => ({ 'ssl.enabled.protocols': 'TLSv1' }), 'ssl.enabled.protocols', /TLSv1\.2/],
    [
      'another check of names',
      () => ({ 'ssl.endpoint.identification.algorithm': 'x' }),
      'ssl.endpoint.identification.algorithm',
      /https/,
    ],
    ['a Java store', () => ({ 'ssl.truststore.type': 'JKS' }), 'ssl.truststore.type', /PEM/],
  ];
  it.each(wrong)('refuse %s', (_what, properties, property, words) => {
    let thrown: unknown = null;
    try {
      tlsSettings(properties());
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SecurityProblem);
    const problem = thrown as SecurityProblem;
    expect(problem.key).toBe(property);
    const error = problem.asError();
    expect(error.code).toBe('STREAM_TLS_FAILED');
    expect(error.message).toMatch(words);
    expect(JSON.stringify([error.message, error.details])).not.toMatch(/canary|MI[GHI]/);
  });

  it('refuse by name what OpenSSL does not take', async () => {
    const weak = await weakIdentity();
    const made = (): unknown => tlsSettings({ [chain]: weak.certificate, [key]: weak.key });
    expect(made).toThrow(SecurityProblem);
    expect(made).toThrow(
      `${chain}: found a certificate or key that OpenSSL does not take (ERR_SSL_EE_KEY_TOO_SMALL)`,
    );
  });

  it('never take a key of another kind for the right one', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const pem = rsa.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => tlsSettings({ [chain]: own.certificate, [key]: pem })).toThrow(SecurityProblem);
  });
});
