/** sasl.jaas.config as people write it, and everything else refused without a word of it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJaas } from '../../../domain/spec/jaas.ts';

const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';

describe('a login module', () => {
  it.each([
    [`${plain} required username="u" password="p";`, 'plain', 'u', 'p'],
    [`${scram} required username='u' password='it"s' ;`, 'scram', 'u', 'it"s'],
    [`${scram}\n  required\n  username="u"\n  password="a;b=c d"\n;\n`, 'scram', 'u', 'a;b=c d'],
    [`${plain} Required password="p\\"q\\\\r" username=bare;`, 'plain', 'bare', 'p"q\\r'],
    [`${plain} required username = "u" password = "p";`, 'plain', 'u', 'p'],
    [`kafkashaded.${plain} required username="ü" password="日本";`, 'plain', 'ü', '日本'],
  ])('%j is read', (text, module, username, password) => {
    expect(parseJaas(text)).toEqual({ kind: 'ok', module, username, password });
  });

  it.each([
    ['', /required username/],
    ['hunter2', /required username/],
    [`${plain}`, /required username/],
    [`${plain} username="hunter2" password="hunter2";`, /required username/],
    [`${plain} required;`, /username/],
    [`${plain} required username="u";`, /password/],
    [`${plain} required username="" password="hunter2";`, /username/],
    [`${plain} required username="u" password="hunter2"`, /";"/],
    [`${plain} required username="u" password="hunter2;`, /quotes/],
    [`${plain} required username="u" password "hunter2";`, /"="/],
    [`${plain} required username="u" password=;`, /value/],
    [`${plain} required username="u" username="hunter2" password="p";`, /twice/],
    [`${plain} required username="u" password="p" hunter2="x";`, /leave it out/],
    [
      `${plain} required username="u" password="p"; ${plain} required username="a" password="hunter2";`,
      /one/,
    ],
    [`${plain} required username="u" password="hunter\\02";`.replace('\\0', '\0'), /zero/],
    ['PlainLoginModule required username="u" password="hunter2";', /full name/],
    [
      'com.sun.security.auth.module.JndiLoginModule required user.provider.url="ldap://x";',
      /JndiLoginModule/,
    ],
    ['com.sun.security.auth.module.Krb5LoginModule required;', /Krb5LoginModule.*GSSAPI/],
    ['software.amazon.msk.auth.iam.IAMLoginModule required;', /MSK/],
    ['x.OAuthBearerLoginModule required;', /OAUTHBEARER/],
  ])('%j is refused', (text, words) => {
    const found = parseJaas(text);
    expect(found.kind).toBe('wrong');
    expect(JSON.stringify(found)).not.toContain('hunter2');
    const said = found.kind === 'wrong' ? `${found.found} ${found.expected} ${found.remedy ?? ''}` : '';
    expect(said).toMatch(words);
  });

  it('any user name and password in quotes come back', () => {
    const texts = fc.string({ minLength: 1 }).filter((text) => !/[\0\n\r]/.test(text));
    fc.assert(
      fc.property(texts, texts, (username, password) => {
        const quote = (text: string) => `"${text.replace(/[\\"]/g, (char) => `\\${char}`)}"`;
        const text = `${scram} required username=${quote(username)} password=${quote(password)};`;
        expect(parseJaas(text)).toEqual({ kind: 'ok', module: 'scram', username, password });
      }),
    );
  });

  it('of any text is read in linear time', () => {
    for (const text of ['"'.repeat(100_000), 'a='.repeat(100_000), '\\'.repeat(100_000), ' '.repeat(100_000)])
      expect(parseJaas(`${plain} required ${text}`).kind).toBe('wrong');
  });
});
