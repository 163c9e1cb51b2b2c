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
