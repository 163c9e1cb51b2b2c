/**
 * A heartbeat that says nothing new is sent now and then only: each one costs the server, and a hundred quiet tasks must cost
 * little. Often enough for a heartbeat timeout of 10 s; news goes out at once.
 */
import type { Json } from '../../domain/json.ts';
import type { Heartbeat } from './pulse.ts';

/** A little less than five of the beats that bring it. */
const sameAgainMs = 4_900;

export function sparingHeartbeat(send: Heartbeat, now: () => number): Heartbeat {
  let sent = { text: '', atMs: -Infinity };
  return (details: Json) => {
    const text = JSON.stringify(details);
    if (text === sent.text && now() - sent.atMs < sameAgainMs) return;
    sent = { text, atMs: now() };
    send(details);
  };
}
