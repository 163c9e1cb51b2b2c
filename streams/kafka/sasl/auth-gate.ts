/**
 * Keeps one set of credentials from being tried too often: a refused password is not tried again for ten seconds, by
 * nothing in this process, or a server that locks accounts would lock this one.
 *
 * Until a first login has worked only one is under way at a time; the others wait for its outcome. After that logins run
 * side by side, as many connections need them. Credentials that were changed have a gate of their own and are tried at once.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { isHeadgateError, type HeadgateError } from '../../../domain/errors.ts';

const pauseMs = 10_000;

export class AuthGate {
  #isProven = false;
  #first: Promise<void> | null = null;
  #refused: { readonly error: HeadgateError; readonly untilMs: number } | null = null;

  /** Throws what the login throws; while a refused one is too fresh, that refusal again. */
  async pass<T>(login: () => Promise<T>): Promise<T> {
    for (;;) {
      this.#throwWhileRefused();
      if (this.#isProven) return this.#watched(login);
      if (this.#first === null) break;
      await this.#first;
    }
    const running = this.#watched(login);
    this.#first = running.then(ignore, ignore).finally(() => (this.#first = null));
    return running;
  }

  get isIdle(): boolean {
    return this.#first === null && (this.#refused === null || Date.now() >= this.#refused.untilMs);
  }

  #throwWhileRefused(): void {
    if (this.#refused !== null && Date.now() < this.#refused.untilMs) throw this.#refused.error;
  }

  async #watched<T>(login: () => Promise<T>): Promise<T> {
    try {
      const result = await login();
      this.#isProven = true;
      this.#refused = null;
      return result;
    } catch (error) {
      if (isHeadgateError(error) && error.code === 'STREAM_AUTH_FAILED') {
        this.#isProven = false;
        this.#refused = { error, untilMs: Date.now() + pauseMs };
      }
      throw error;
    }
  }
}

const gates = new Map<string, AuthGate>();
const gatesMax = 500;
/** Secrets are no keys of a map that lives as long as the process. */
const secretOfThisProcess = randomBytes(32);

export function gateFor(servers: readonly string[], ...identity: readonly string[]): AuthGate {
  const key = createHmac('sha256', secretOfThisProcess)
    .update(JSON.stringify([servers, identity]))
    .digest('hex');
  const known = gates.get(key);
  if (known !== undefined) return known;
  if (gates.size >= gatesMax) for (const [old, gate] of gates) if (gate.isIdle) gates.delete(old);
  const gate = new AuthGate();
  gates.set(key, gate);
  return gate;
}

function ignore(): void {
  // Whoever logs in has the outcome; those who wait only need its end.
}
