/** What `validate` and a POST say of certificates and keys in a spec. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSupervisorSpec, type ParseResult } from '../../../domain/spec/parse.ts';
import { withSecurityChecked } from '../../../streams/kafka/check-security.ts';
import { aRawSpec, changed } from '../../domain/spec/raw-spec.ts';
import { Authority, type Identity } from '../../support/certificates.ts';

let own: Identity;
let other: Identity;

beforeAll(async () => {
  const authority = await Authority.create('Authority');
  own = await authority.issue({ name: 'own' });
  other = await authority.issue({ name: 'other' });
});

function check(properties: Readonly<Record<string, unknown>>): ParseResult {
  const place = 'spec.ioConfig.consumerProperties';
  return withSecurityChecked(
    parseSupervisorSpec(changed(aRawSpec(), place, { 'bootstrap.servers': 'b:1', ...properties })),
  );
}

const pair = (identity: Identity, key = identity.key) => ({
  'security.protocol': 'SSL',
  'ssl.keystore.certificate.chain': identity.certificate,
  'ssl.keystore.key': key,
});

describe('a spec with certificates', () => {
  it('is accepted when they can be used', () => {
    expect(check(pair(own)).kind).toBe('ok');
  });

  it('is refused when they cannot, at the property and without showing it', () => {
    const result = check(pair(own, other.key));
    expect(result).toMatchObject({
      kind: 'invalid',
      problems: [
        {
          path: 'spec.ioConfig.consumerProperties["ssl.keystore.key"]',
          found: 'the key of another certificate',
        },
      ],
    });
    expect(JSON.stringify(result)).not.toMatch(/MI[GI]/);
  });

  it('is left alone where a part comes from a variable', () => {
    const reference = { type: 'environment', variable: 'KAFKA_KEY' };
    expect(check({ ...pair(own), 'ssl.keystore.key': reference }).kind).toBe('ok');
    expect(
      check({ ...pair(own), 'ssl.keystore.key': reference, 'ssl.truststore.certificates': 'x' }),
    ).toMatchObject({
      kind: 'invalid',
      problems: [{ path: 'spec.ioConfig.consumerProperties["ssl.truststore.certificates"]' }],
    });
  });

  it('is not looked at without TLS, nor when it is refused anyway', () => {
    expect(check({ 'ssl.truststore.certificates': 'x' }).kind).toBe('ok');
    const refused = parseSupervisorSpec({});
    expect(withSecurityChecked(refused)).toBe(refused);
  });
});
