/** SCRAM against the known answers of its RFCs, and against brokers that lie. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { roundsMax, roundsMin, ScramClient, ScramProblem } from '../../../../streams/kafka/sasl/scram.ts';

const pencil = { username: 'user', password: 'pencil' };

/** RFC 7677, section 3. */
const known = {
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  first: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  final:
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

async function answered(serverFirst = known.serverFirst): Promise<ScramClient> {
  const client = new ScramClient('sha256', pencil, known.nonce);
  await client.finalMessage(serverFirst);
  return client;
}

describe('a SCRAM client', () => {
  it('says what RFC 7677 says', async () => {
    const client = new ScramClient('sha256', pencil, known.nonce);
    expect(client.firstMessage).toBe(known.first);
    expect(await client.finalMessage(known.serverFirst)).toBe(known.final);
    expect(() => client.checkFinal(known.serverFinal)).not.toThrow();
  });

  it.each(['sha256', 'sha512'] as const)('agrees with a server of its own over %s', async (hash) => {
    const credentials = { username: 'a,b=c', password: 'pä,=ss' };
    const client = new ScramClient(hash, credentials);
    const bare = client.firstMessage.slice(3);
    expect(bare).toMatch(/^n=a=2Cb=3Dc,r=[A-Za-z0-9+/]{32}$/);
    const salt = Buffer.from('some salt');
    const serverFirst = `${bare.slice(bare.indexOf('r='))}server,s=${salt.toString('base64')},i=5000`;
    const final = await client.finalMessage(serverFirst);
    const salted = pbkdf2Sync(credentials.password, salt, 5_000, hash === 'sha256' ? 32 : 64, hash);
    const mac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
    const clientKey = mac(salted, 'Client Key');
    const signed = `${bare},${serverFirst},${final.slice(0, final.indexOf(',p='))}`;
    const signature = mac(createHash(hash).update(clientKey).digest(), signed);
    const proof = Buffer.from(final.slice(final.indexOf(',p=') + 3), 'base64');
    expect(Buffer.from(proof.map((byte, index) => byte ^ (signature[index] ?? 0)))).toEqual(clientKey);
    const serverSignature = mac(mac(salted, 'Server Key'), signed).toString('base64');
    expect(() => client.checkFinal(`v=${serverSignature}`)).not.toThrow();
  });

  it('never repeats a nonce', () => {
    const nonces = Array.from({ length: 100 }, () => new ScramClient('sha256', pencil).firstMessage);
    expect(new Set(nonces).size).toBe(100);
  });

  const rest = 's=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
  it.each([
    ['a nonce that is not ours', `r=another%nonce,${rest}`, /nonce/],
    ['our nonce alone', `r=${known.nonce},${rest}`, /nonce/],
    ['no salt', `r=${known.nonce}x,s=,i=4096`, /salt/],
    ['a salt that is no base64', `r=${known.nonce}x,s=!!!!,i=4096`, /salt/],
    [
      'too few iterations',
      `r=${known.nonce}x,s=aaaa,i=${roundsMin - 1}`,
      /4095 iterations, expected 4096 to 1000000/,
    ],
    ['too many iterations', `r=${known.nonce}x,s=aaaa,i=${roundsMax + 1}`, /1000001 iterations/],
    ['endless iterations', `r=${known.nonce}x,s=aaaa,i=99999999999999999999`, /unreadable number/],
    ['no iterations', `r=${known.nonce}x,s=aaaa,i=`, /unreadable number/],
    ['an extension that must be known', `m=x,r=${known.nonce}x,${rest}`, /not one of SCRAM/],
    ['nothing', '', /not one of SCRAM/],
    ['a flood', `r=${known.nonce}${'x'.repeat(5_000)},${rest}`, /too long/],
  ])('refuses a broker that answers %s', async (_what, serverFirst, words) => {
    const client = new ScramClient('sha256', pencil, known.nonce);
    const thrown: unknown = await client.finalMessage(serverFirst).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ScramProblem);
    expect((thrown as Error).message).toMatch(words);
  });

  it.each([
    ['another signature', `v=${Buffer.alloc(32).toString('base64')}`],
    ['a short signature', 'v=6rriTRBi'],
    ['no signature', ''],
    ['an error', 'e=other-error'],
    ['a signature and more', `v=${known.serverFinal.slice(2)}AAAA`],
  ])('refuses a broker that ends with %s', async (_what, serverFinal) => {
    const client = await answered();
    expect(() => client.checkFinal(serverFinal)).toThrow(ScramProblem);
  });

  it('refuses a signature before it has shown its own', () => {
    expect(() => new ScramClient('sha256', pencil, known.nonce).checkFinal(known.serverFinal)).toThrow(
      ScramProblem,
    );
  });
});
