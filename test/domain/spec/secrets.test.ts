import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Json } from '../../../domain/json.ts';
import {
  findInlineSecrets,
  isSecretName,
  mask,
  maskSecrets,
  maskSpecText,
} from '../../../domain/spec/secrets.ts';
import { specFields } from '../../../domain/spec/fields.ts';
import { parseSupervisorSpec, describeProblems } from '../../../domain/spec/parse.ts';
import { aRawSpec, changed } from './raw-spec.ts';

const canary = 'hunter2-canary';

/** Places where people write secrets into specs. */
const spots: readonly (readonly [path: string, value: unknown])[] = [
  [
    'spec.ioConfig.consumerProperties["sasl.jaas.config"]',
    `PlainLoginModule required username="u" password="${canary}";`,
  ],
  ['spec.ioConfig.consumerProperties["ssl.key.password"]', canary],
  ['spec.ioConfig.consumerProperties["ssl.keystore.password"]', { type: 'default', password: canary }],
  ['spec.ioConfig.consumerProperties["ssl.truststore.password"]', canary],
  ['spec.ioConfig.consumerProperties["ssl.keystore.key"]', canary],
  ['spec.ioConfig.consumerProperties["sasl.password"]', canary],
  ['spec.ioConfig.consumerProperties["basic.auth.user.info"]', `u:${canary}`],
  ['spec.ioConfig.consumerProperties["sasl.oauthbearer.client.secret"]', canary],
  [
    'spec.ioConfig.consumerProperties["druid.dynamic.config.provider"]',
    { type: 'mapString', config: { a: canary } },
  ],
  ['spec.ioConfig.awsSecretAccessKey', canary],
  ['spec.ioConfig.aws_access_key_id', canary],
  ['spec.ioConfig.sessionToken', canary],
  ['spec.ioConfig.credentials', { user: canary, pass: canary }],
  ['spec.ioConfig.endpoint', `https://user:${canary}@host/x`],
  ['spec.ioConfig.topic', `password=${canary}`],
  ['spec.tuningConfig.apiKey', canary],
  ['spec.tuningConfig.Authorization', `Bearer ${canary}`],
  ['spec.tuningConfig.numericPassword', 12_345_678],
  ['context.tags', [{ Passphrase: canary }]],
  ['context.note', `-----BEGIN RSA PRIVATE KEY----- ${canary}`],
];

describe('secrets', () => {
  it.each(spots)('%s is masked, found, and never told in a message', (path, value) => {
    const spec = changed(aRawSpec(), path, value) as Json;
    const masked = JSON.stringify(maskSecrets(spec));
    expect(masked).not.toContain(canary);
    expect(masked).not.toContain('12345678');
    expect(masked).toContain(mask);
    expect(maskSpecText(JSON.stringify(spec))).toBe(masked);
    expect(findInlineSecrets(spec).length).toBeGreaterThan(0);
    const result = parseSupervisorSpec(spec);
    const said = describeProblems(result.kind === 'ok' ? result.warnings : result.problems);
    expect(said).not.toContain(canary);
  });

  it('keeps what only points at a secret', () => {
    const spec = changed(aRawSpec(), 'spec.ioConfig.consumerProperties["druid.dynamic.config.provider"]', {
      type: 'environment',
      variables: { 'sasl.jaas.config': 'KAFKA_JAAS', 'ssl.key.password': 'KAFKA_KEY_PASSWORD' },
    }) as Json;
    expect(maskSecrets(spec)).toEqual(spec);
    expect(findInlineSecrets(spec)).toEqual([]);
    expect(findInlineSecrets({ password: { type: 'environment', variable: 'KAFKA_PASSWORD' } })).toEqual([]);
  });

  it('leaves an ordinary spec alone, in every field of the table', () => {
    expect(maskSecrets(aRawSpec() as Json)).toEqual(aRawSpec());
    const names = specFields.map((field) => field.path.slice(field.path.lastIndexOf('.') + 1));
    expect(names.filter(isSecretName)).toEqual([]);
  });

  it('knows names that say where or how a secret is, not what', () => {
    for (const name of [
      'ssl.truststore.location',
      'ssl.keystore.type',
      'passwordVariable',
      'token.endpoint.url',
    ])
      expect(isSecretName(name), name).toBe(false);
  });

  it('leaves what says nothing: null, true, an empty text, what is masked', () => {
    const spec = { password: null, token: true, secret: '', credential: mask, n: { password: false } };
    expect(maskSecrets(spec)).toEqual(spec);
    expect(maskSpecText(JSON.stringify(spec))).toBe(JSON.stringify(spec));
    expect(findInlineSecrets(spec)).toEqual([]);
  });

  it('masks below any use, in the text as in the value', () => {
    const text = `${'[{"a":'.repeat(100)}1${'}]'.repeat(100)}`;
    expect(maskSpecText(text)).toBe(JSON.stringify(maskSecrets(JSON.parse(text) as Json)));
    expect(maskSpecText(text)).toContain(mask);
  });

  it('names the paths', () => {
    const spec = { a: [{ 'ssl.key.password': 'x' }], b: { token: 'y' }, c: '' };
    expect(findInlineSecrets(spec)).toEqual(['a[0]["ssl.key.password"]', 'b.token']);
  });

  it('masks again to the same, and leaves digits and layout of the rest', () => {
    const text = '{ "id" : 12345678901234567890,\n "password" : "x\\"y" , "n": 1.0 }';
    const masked = `{ "id" : 12345678901234567890,\n "password" : "${mask}" , "n": 1.0 }`;
    expect(maskSpecText(text)).toBe(masked);
    expect(maskSpecText(masked)).toBe(masked);
    expect(maskSpecText('password=x')).toBe(`"${mask}"`);
  });

  it('does not fail on depth', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 20_000; level++) deep = [deep];
    expect(JSON.stringify(maskSecrets(deep))).toContain(mask);
    expect(findInlineSecrets(deep)).toHaveLength(1);
    expect(maskSpecText(`${'['.repeat(20_000)}1${']'.repeat(20_000)}`)).toContain(mask);
  });

  it('looks at a megabyte in a moment', () => {
    const texts = ['a'.repeat(1e6), '://'.repeat(3e5), 'password '.repeat(1e5), `password${' '.repeat(1e6)}`];
    const before = process.cpuUsage();
    for (const text of texts) maskSecrets({ text });
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  it('treats the text and the value alike', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        // JSON has no -0, so both sides are made from the text.
        const text = JSON.stringify({ value, password: [value] });
        expect(maskSpecText(text)).toBe(JSON.stringify(maskSecrets(JSON.parse(text) as Json)));
      }),
      { seed: 44, numRuns: 500 },
    );
  });
});
