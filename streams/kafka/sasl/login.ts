/**
 * Logs a new connection in: SaslHandshake names the mechanism, SaslAuthenticate carries its messages.
 *
 * Every way to fail is one sentence with what to do. What the broker says is repeated only when it is short, plain and
 * free of what was sent to it: a server with PLAIN knows the password.
 */
import { HeadgateError } from '../../../domain/errors.ts';
import { kafkaError, nameKafkaError } from '../kafka-errors.ts';
import type { Message } from '../messages/message.ts';
import { saslAuthenticate, type SaslAuthenticateResponse } from '../messages/sasl-authenticate.ts';
import { saslHandshake } from '../messages/sasl-handshake.ts';
import type { SaslSettings } from '../security.ts';
import { ScramClient, ScramProblem } from './scram.ts';

export type SaslDialog = {
  readonly broker: string;
  readonly send: <Request, Response>(message: Message<Request, Response>, body: Request) => Promise<Response>;
};

/** How long the broker lets this login last; null: for ever. Throws STREAM_AUTH_FAILED, or what `send` throws. */
export async function logIn(settings: SaslSettings, dialog: SaslDialog): Promise<number | null> {
  const { mechanism } = settings;
  const answer = await dialog.send(saslHandshake, { mechanism });
  if (answer.errorCode !== kafkaError.NONE)
    throw refusedMechanism(dialog.broker, mechanism, answer.errorCode, answer.mechanisms);
  const lifetimeMs = mechanism === 'PLAIN' ? await plain(settings, dialog) : await scram(settings, dialog);
  return lifetimeMs > 0 ? lifetimeMs : null;
}

async function plain(settings: SaslSettings, dialog: SaslDialog): Promise<number> {
  const { username, password } = settings;
  const answer = await authenticate(settings, dialog, `\0${username}\0${password}`);
  return answer.lifetimeMs;
}

async function scram(settings: SaslSettings, dialog: SaslDialog): Promise<number> {
  const client = new ScramClient(settings.mechanism === 'SCRAM-SHA-512' ? 'sha512' : 'sha256', settings);
  try {
    const first = await authenticate(settings, dialog, client.firstMessage);
    const final = await authenticate(settings, dialog, await client.finalMessage(first.text));
    client.checkFinal(final.text);
    return final.lifetimeMs;
  } catch (error) {
    if (!(error instanceof ScramProblem)) throw error;
    throw failed(
      dialog.broker,
      `failed its ${settings.mechanism} login: ${error.message}`,
      'check that the address is that of the broker',
    );
  }
}

async function authenticate(
  settings: SaslSettings,
  dialog: SaslDialog,
  message: string,
): Promise<{ readonly text: string; readonly lifetimeMs: number }> {
  const answer = await dialog.send(saslAuthenticate, { bytes: Buffer.from(message, 'utf8') });
  if (answer.errorCode !== kafkaError.NONE) throw refusedLogin(settings, dialog.broker, answer);
  return { text: answer.bytes.toString('utf8'), lifetimeMs: Number(answer.sessionLifetimeMs) };
}

function refusedLogin(
  settings: SaslSettings,
  broker: string,
  { errorCode, errorMessage }: SaslAuthenticateResponse,
): HeadgateError {
  const said = harmless(errorMessage, settings);
  const words = said === null ? '' : ` (it says: ${said})`;
  if (errorCode === kafkaError.SASL_AUTHENTICATION_FAILED)
    return failed(
      broker,
      `refuses the ${settings.mechanism} login: wrong user name or password${words}`,
      'correct username and password in sasl.jaas.config, or create the user on the brokers; it is tried again every 10 s at most',
    );
  return failed(
    broker,
    `answers the ${settings.mechanism} login with ${nameKafkaError(errorCode)}${words}`,
    "look into the broker's log",
  );
}

function refusedMechanism(
  broker: string,
  mechanism: string,
  errorCode: number,
  offered: readonly string[],
): HeadgateError {
  const names = offered.filter((name) => /^[A-Za-z0-9_-]{1,40}$/.test(name)).slice(0, 20);
  if (errorCode === kafkaError.UNSUPPORTED_SASL_MECHANISM)
    return failed(
      broker,
      `does not take the SASL mechanism ${mechanism}, only ${names.join(', ') || 'none that it names'}`,
      'set sasl.mechanism to one of them, or enable this one on the broker',
    );
  if (errorCode === kafkaError.ILLEGAL_SASL_STATE)
    return failed(
      broker,
      'does not use SASL on this port',
      "set security.protocol to PLAINTEXT or SSL, or bootstrap.servers to the brokers' SASL port",
    );
  return failed(
    broker,
    `answers SaslHandshake with ${nameKafkaError(errorCode)}`,
    "look into the broker's log",
  );
}

/** Null: nothing, or nothing that may be shown. */
function harmless(said: string | null, { username, password }: SaslSettings): string | null {
  const text = said?.trim() ?? '';
  if (text === '' || text.length > 200 || !/^[\x20-\x7e]+$/.test(text)) return null;
  const secrets = [password, username].flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  return secrets.some((secret) => text.toLowerCase().includes(secret.toLowerCase())) ? null : text;
}

function failed(broker: string, what: string, remedy: string): HeadgateError {
  return new HeadgateError('STREAM_AUTH_FAILED', `Kafka broker ${broker} ${what}; ${remedy}`, {
    details: { broker },
  });
}
