/**
 * What a broker keeps of one lane's partitions between two fetches (KIP-227), so that a request names only what changed
 * and an answer only what has something to say: with 256 quiet partitions both are nearly empty.
 *
 * The first request, and the one after any trouble, is a full one: it names every partition and asks for a session, in
 * place of the old one if there was one. A broker without room for a session gives none, and every request stays full.
 * In a session the broker decides the order in which it fills an answer; it moves what gave records to the end, so that
 * each partition is the first one sooner or later, as with full requests. A lane that closes leaves its session to the
 * broker, which gives it up when it needs the room, after two minutes.
 */
import { kafkaError } from './kafka-errors.ts';
import type { FetchTarget } from './messages/fetch.ts';

export type SessionStep = {
  readonly sessionId: number;
  /** 0: a full request, which may make a session. */
  readonly sessionEpoch: number;
  readonly partitions: readonly FetchTarget[];
  readonly forgotten: readonly FetchTarget[];
};

const epochMax = 0x7fffffff;

export class FetchSession {
  /** 0: none. */
  #id = 0;
  /** Of the next request; 0: a full one. */
  #epoch = 0;
  /** What the broker has of each partition, once it has the request under way. */
  #known = new Map<string, FetchTarget>();

  /** The request that makes the broker fetch exactly these. Anything but `accept` after it must end in a full one. */
  next(wanted: readonly FetchTarget[]): SessionStep {
    const before = this.#known;
    this.#known = new Map(wanted.map((target) => [target.key, target]));
    const session = { sessionId: this.#id, sessionEpoch: this.#epoch };
    if (this.#epoch === 0) return { ...session, partitions: wanted, forgotten: [] };
    return {
      ...session,
      partitions: wanted.filter((target) => !isSame(before.get(target.key), target)),
      forgotten: [...before.values()].filter((target) => !this.#known.has(target.key)),
    };
  }

  /** The request was answered; the answer says which session goes on. 0: none, or none any more. */
  accept(sessionId: number): void {
    this.#id = sessionId;
    if (sessionId === 0) this.#epoch = 0;
    else this.#epoch = this.#epoch === epochMax ? 1 : this.#epoch + 1;
  }

  /** The request was refused or its answer never came: begin anew, and let the broker drop what it may still have. */
  restart(errorCode: number | null): void {
    this.#epoch = 0;
    if (errorCode === kafkaError.FETCH_SESSION_ID_NOT_FOUND) this.#id = 0;
  }
}

/** Errors of a whole fetch that only say that broker and lane do not agree on the session. */
export function isSessionError(errorCode: number): boolean {
  return (
    errorCode === kafkaError.FETCH_SESSION_ID_NOT_FOUND ||
    errorCode === kafkaError.INVALID_FETCH_SESSION_EPOCH ||
    errorCode === kafkaError.FETCH_SESSION_TOPIC_ID_ERROR
  );
}

function isSame(known: FetchTarget | undefined, target: FetchTarget): boolean {
  return known !== undefined && known.offset === target.offset && known.leaderEpoch === target.leaderEpoch;
}
