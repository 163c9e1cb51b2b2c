/**
 * SaslAuthenticate 2: one message of a login, and the broker's answer to it.
 *
 * `session_lifetime_ms` says for how long the login is good (KIP-368); 0: for as long as the connection lasts.
 *
 *   request: auth_bytes:compact_bytes tags
 *   answer:  error_code:int16 error_message:compact_nullable_string auth_bytes:compact_bytes session_lifetime_ms:int64 tags
 */
import type { Message } from './message.ts';

export type SaslAuthenticateRequest = { readonly bytes: Uint8Array };

export type SaslAuthenticateResponse = {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly bytes: Buffer;
  readonly sessionLifetimeMs: bigint;
};

export const saslAuthenticate: Message<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  name: 'SaslAuthenticate',
  apiKey: 36,
  version: 2,
  header: { request: 2, response: 1 },
  write(writer, { bytes }) {
    writer.compactBytes(bytes).noTaggedFields();
  },
  read(reader) {
    const errorCode = reader.int16();
    const errorMessage = reader.compactNullableString();
    const bytes = reader.compactBytes() ?? Buffer.alloc(0);
    const sessionLifetimeMs = reader.int64();
    reader.skipTaggedFields();
    return { errorCode, errorMessage, bytes, sessionLifetimeMs };
  },
};
