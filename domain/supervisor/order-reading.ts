/** How an order's input is read: totally, into what is known of its verb, or into a sentence that says what is wrong. */
import type { Json } from '../json.ts';

/** What an order asks for, checked and reduced to what is known of its verb; or why it cannot be taken. */
export type OrderReading =
  | { readonly kind: 'ok'; readonly input: { readonly [key: string]: Json } }
  | { readonly kind: 'invalid'; readonly message: string };

/** What was found, short enough for a message. */
export function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 80 ? `${text.slice(0, 80).replace(/\p{Surrogate}$/u, '')}…` : text;
}

/** `JSON.stringify` escapes a NUL and each half of a surrogate pair that stands alone, and no other surrogate. */
const escapedUnstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** Postgres takes neither as JSON nor as text: an order with one could not be noted, and nothing after it be done. */
export function isStorable(value: unknown): boolean {
  return !escapedUnstorable.test(JSON.stringify(value) ?? '');
}
