/**
 * Sends operators' orders and says what became of them: done, refused, or only accepted so far. One at a time per
 * supervisor in this process; the same command id is applied once, whoever repeats it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadgateError } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { isPlainObject, sameJson } from '../domain/spec/raw.ts';
import type { Verb } from '../domain/supervisor/commands.ts';
import { orderReaders } from '../domain/supervisor/commands.ts';
import type { Store } from './store.ts';
import type { SupervisorStarter } from './supervisor-starter.ts';

export type Order = {
  readonly supervisorId: string;
  /** With which the workflow is started when there is none. */
  readonly specVersion: number;
  readonly verb: Verb;
  readonly input: { readonly [key: string]: Json };
  readonly by: string;
  /** The caller's own; absent: a new one. */
  readonly commandId?: string;
};

/** A sentence for people, and what a program wants to know. */
export type Outcome = { readonly summary: string; readonly [key: string]: Json };

export type OrderAnswer = {
  /** `accepted`: the workflow has it, and has not come to it yet. */
  readonly kind: 'done' | 'refused' | 'accepted';
  readonly commandId: string;
  readonly outcome: Outcome;
};

export interface OrderSender {
  /**
   * Throws REQUEST_INVALID for an order that is wrong in itself, TEMPORAL_UNAVAILABLE when nobody could be told or
   * nobody knows whether somebody was.
   */
  send(order: Order): Promise<OrderAnswer>;
}

const patienceMs = 15_000;
const pollMs = 100;
/** Of orders for one supervisor in this process. */
const queueLimit = 50;

export function openOrderSender(
  deps: { readonly store: Store; readonly starter: SupervisorStarter },
  options: { readonly patienceMs?: number | undefined } = {},
): OrderSender {
  const { store, starter } = deps;
  const turns = new Map<string, Turn>();

  const tell = async (order: Order, commandId: string): Promise<void> => {
    const { supervisorId, verb, by, input } = order;
    await inTurn(turns, order, async () => {
      await starter.order({ supervisorId, verb, by, input, commandId }, order.specVersion);
    });
    // So that it is listed while it waits; it goes on without. What became of it is never overwritten by this.
    await store
      .recordCommand({ commandId, supervisorId, verb, input, by, state: 'accepted' })
      .catch(() => undefined);
  };

  return {
    send: async (order) => {
      const commandId = order.commandId ?? randomUUID();
      const known = await outcomeOf(store, order, commandId);
      if (known !== null) return known;
      checkOrder(order);
      await tell(order, commandId);
      const deadline = Date.now() + (options.patienceMs ?? patienceMs);
      for (;;) {
        // It is taken: Postgres being away for a moment does not change that.
        const answer = await outcomeOf(store, order, commandId).catch(() => null);
        if (answer !== null) return answer;
        if (Date.now() + pollMs > deadline)
          return { kind: 'accepted', commandId, outcome: { summary: notYet } };
        await sleep(pollMs);
      }
    },
  };
}

const notYet = 'accepted; the supervisor has not come to it yet';

/** Wrong orders are refused before anybody is told, by the same rule as in the workflow. */
function checkOrder({ verb, input, supervisorId }: Order): void {
  const reading = orderReaders[verb](input);
  if (reading.kind === 'invalid')
    throw new HeadgateError('REQUEST_INVALID', `${verb}: ${reading.message}`, { details: { supervisorId } });
}

/** Null: nobody has done or refused it yet. */
async function outcomeOf(store: Store, order: Order, commandId: string): Promise<OrderAnswer | null> {
  const row = await store.readCommand(commandId);
  if (row === null) return null;
  if (row.supervisorId !== order.supervisorId || row.verb !== order.verb)
    throw new HeadgateError(
      'REQUEST_INVALID',
      `x-headgate-command-id: ${commandId} is the id of another order (${row.verb} of [${row.supervisorId}]); give each order an id of its own`,
      { details: { status: 409 } },
    );
  // The rehearsal's answer must not pass for that of the order itself.
  if (asksForOther(row.input, order))
    throw new HeadgateError(
      'REQUEST_INVALID',
      `x-headgate-command-id: ${commandId} is the id of a ${row.verb} of [${row.supervisorId}] that asked for something else; give each order an id of its own, a rehearsal too`,
      { details: { status: 409 } },
    );
  return row.state === 'accepted' ? null : { kind: row.state, commandId, outcome: toOutcome(row.outcome) };
}

/** What is kept is what was posted, or what the workflow read of it. */
function asksForOther(kept: Json, { verb, input }: Order): boolean {
  if (!isPlainObject(kept)) return false;
  const [before, now] = [orderReaders[verb](kept), orderReaders[verb](input)];
  return before.kind === 'ok' && now.kind === 'ok' && !sameJson(before.input, now.input);
}

/** Outcomes of the first version were plain texts. */
export function toOutcome(stored: Json): Outcome {
  if (typeof stored === 'object' && stored !== null && !Array.isArray(stored) && 'summary' in stored)
    return stored as Outcome;
  return { summary: typeof stored === 'string' ? stored : JSON.stringify(stored ?? '') };
}

type Turn = { last: Promise<void>; waiting: number };

async function inTurn(turns: Map<string, Turn>, order: Order, work: () => Promise<void>): Promise<void> {
  const turn = turns.get(order.supervisorId) ?? { last: Promise.resolve(), waiting: 0 };
  if (turn.waiting >= queueLimit) throw notSent(order, `${queueLimit} orders are waiting to be sent`);
  turn.waiting += 1;
  turns.set(order.supervisorId, turn);
  const deadline = Date.now() + patienceMs;
  const done = turn.last.then(async () => {
    if (Date.now() > deadline) throw notSent(order, 'the orders before it took too long');
    await work();
  });
  turn.last = done.catch(() => undefined);
  try {
    await done;
  } finally {
    turn.waiting -= 1;
    if (turn.waiting === 0) turns.delete(order.supervisorId);
  }
}

function notSent({ supervisorId, verb }: Order, why: string): HeadgateError {
  return new HeadgateError(
    'TEMPORAL_UNAVAILABLE',
    `[${supervisorId}]: ${verb}: ${why}, so this one was not sent and nothing was changed; try again`,
    { details: { supervisorId } },
  );
}
