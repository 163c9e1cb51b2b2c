/**
 * SaslHandshake 1: names the mechanism of the login that follows; the answer lists those the broker takes.
 *
 *   request: mechanism:string
 *   answer:  error_code:int16 [mechanism:string]
 */
import type { Message } from './message.ts';

export type SaslHandshakeRequest = { readonly mechanism: string };

export type SaslHandshakeResponse = { readonly errorCode: number; readonly mechanisms: readonly string[] };

export const saslHandshake: Message<SaslHandshakeRequest, SaslHandshakeResponse> = {
  name: 'SaslHandshake',
  apiKey: 17,
  version: 1,
  header: { request: 1, response: 0 },
  write(writer, { mechanism }) {
    writer.nullableString(mechanism);
  },
  read(reader) {
    return { errorCode: reader.int16(), mechanisms: reader.array((element) => element.string()) };
  },
};
