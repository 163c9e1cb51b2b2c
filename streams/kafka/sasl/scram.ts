/**
 * SCRAM as a client (RFC 5802, RFC 7677): proves that it knows the password without sending it, and makes the broker
 * prove that it knows it too.
 *
 * Nothing the broker says is taken on trust: its nonce must go on from ours, the number of rounds is bounded both ways
 * (too few give the password away, too many burn this machine's time), and its signature is compared in constant time.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

export const roundsMin = 4_096;
export const roundsMax = 1_000_000;
/** No honest message is longer. */
const messageLengthMax = 4_096;

/** The broker's part of the dialog is not what the protocol asks for. The text names no secret. */
export class ScramProblem extends Error {}

export type ScramCredentials = { readonly username: string; readonly password: string };

export class ScramClient {
  readonly #hash: 'sha256' | 'sha512';
  readonly #credentials: ScramCredentials;
  readonly #nonce: string;
  readonly #firstBare: string;
  #expectedSignature: Buffer | null = null;

  /** `nonce` is for tests with known answers. */
  constructor(
    hash: 'sha256' | 'sha512',
    credentials: ScramCredentials,
    nonce = randomBytes(24).toString('base64'),
  ) {
    this.#hash = hash;
    this.#credentials = credentials;
    this.#nonce = nonce;
    this.#firstBare = `n=${escapeName(credentials.username)},r=${nonce}`;
  }

  get firstMessage(): string {
    return `n,,${this.#firstBare}`;
  }

  /** Answers the broker's first message. Throws ScramProblem. */
  async finalMessage(serverFirst: string): Promise<string> {
    const { nonce, salt, rounds } = this.#readFirst(serverFirst);
    const length = this.#hash === 'sha256' ? 32 : 64;
    const salted = await derive(this.#credentials.password, salt, rounds, length, this.#hash);
    const clientKey = this.#mac(salted, 'Client Key');
    const storedKey = createHash(this.#hash).update(clientKey).digest();
    const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${nonce}`;
    const signed = `${this.#firstBare},${serverFirst},${withoutProof}`;
    const signature = this.#mac(storedKey, signed);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    this.#expectedSignature = this.#mac(this.#mac(salted, 'Server Key'), signed);
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  /** Throws ScramProblem unless the broker has proved that it knows the password. */
  checkFinal(serverFinal: string): void {
    const [attribute = ''] = attributesOf(serverFinal);
    if (attribute.startsWith('e=')) throw new ScramProblem('the broker ends the login with an error');
    const given = attribute.startsWith('v=') ? decodeBase64(attribute.slice(2)) : null;
    const expected = this.#expectedSignature;
    if (
      given === null ||
      expected === null ||
      given.length !== expected.length ||
      !timingSafeEqual(given, expected)
    )
      throw new ScramProblem(
        'the broker cannot prove that it knows the password: it may be another server in its place',
      );
  }

  #readFirst(text: string): { readonly nonce: string; readonly salt: Buffer; readonly rounds: number } {
    const [nonce = '', salt = '', rounds = ''] = attributesOf(text);
    if (!nonce.startsWith('r=') || !salt.startsWith('s=') || !rounds.startsWith('i='))
      throw new ScramProblem('the first message of the broker is not one of SCRAM');
    const wholeNonce = nonce.slice(2);
    if (!wholeNonce.startsWith(this.#nonce) || wholeNonce.length === this.#nonce.length)
      throw new ScramProblem('the nonce of the broker does not go on from ours: it may repeat an old dialog');
    const saltBytes = decodeBase64(salt.slice(2));
    if (saltBytes === null || saltBytes.length === 0) throw new ScramProblem('the broker gives no salt');
    const count = /^\d{1,9}$/.test(rounds.slice(2)) ? Number(rounds.slice(2)) : Number.NaN;
    if (!(count >= roundsMin && count <= roundsMax))
      throw new ScramProblem(
        `the broker asks for ${Number.isNaN(count) ? 'an unreadable number of' : count} iterations, expected ${roundsMin} to ${roundsMax}`,
      );
    return { nonce: wholeNonce, salt: saltBytes, rounds: count };
  }

  #mac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text, 'utf8').digest();
  }
}

function attributesOf(message: string): readonly string[] {
  if (message.length > messageLengthMax) throw new ScramProblem('a message of the broker is too long');
  return message.split(',');
}

/** Null for anything but whole base64, which Node would read as far as it can. */
function decodeBase64(text: string): Buffer | null {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
}

/** The two characters that have a meaning of their own. */
function escapeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
