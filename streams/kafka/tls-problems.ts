/**
 * What a failed TLS handshake means, in one sentence with what to do: by the codes of Node and OpenSSL, not by their texts.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { TlsSettings } from './tls.ts';

export type TlsPlace = {
  readonly broker: string;
  readonly tls: TlsSettings;
  /** The handshake was over; a broker can refuse a client certificate after that. */
  readonly isSecured: boolean;
};

type Meaning = { readonly what: string; readonly remedy: string };

const authorityRemedy =
  'put the certificate of the authority that signs the brokers into ssl.truststore.certificates, as PEM';
const clientRemedy =
  'put a certificate that the brokers trust into ssl.keystore.certificate.chain and its key into ssl.keystore.key, as PEM';
const unknownAuthority: Meaning = {
  what: 'its certificate is signed by an authority that is not trusted',
  remedy: authorityRemedy,
};
const selfSigned: Meaning = {
  what: 'its certificate is signed by itself, and not trusted',
  remedy: 'put that very certificate into ssl.truststore.certificates, as PEM, if it is the right one',
};
const noSharedVersion: Meaning = {
  what: 'it shares no TLS version or cipher with this client',
  remedy: 'let the brokers take TLSv1.2 or TLSv1.3, and look at ssl.enabled.protocols',
};
const clientWanted: Meaning = { what: 'it wants a certificate of this client', remedy: clientRemedy };
const notTls: Meaning = {
  what: 'it does not answer in TLS: this port has none',
  remedy:
    "set security.protocol to PLAINTEXT or SASL_PLAINTEXT, or bootstrap.servers to the brokers' TLS port",
};

/** Node's own codes and those of OpenSSL. */
const meanings: Readonly<Record<string, Meaning>> = {
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_UNTRUSTED: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  INVALID_CA: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  CERT_HAS_EXPIRED: {
    what: 'its certificate has expired',
    remedy: 'give the broker a new certificate, or look at the clock of this machine',
  },
  CERT_NOT_YET_VALID: {
    what: 'its certificate is not valid yet',
    remedy: 'look at the clocks of the broker and of this machine',
  },
  CERT_REVOKED: { what: 'its certificate is revoked', remedy: 'give the broker a new certificate' },
  INVALID_PURPOSE: {
    what: 'its certificate is not one for servers',
    remedy: 'give the broker a certificate with the extended key usage serverAuth',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'its certificate is that of another host',
    remedy:
      'connect to a name the certificate has, or give the broker a certificate with this name; an empty ssl.endpoint.identification.algorithm switches the check off',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
  ERR_SSL_HTTP_REQUEST: notTls,
  ERR_SSL_UNSUPPORTED_PROTOCOL: noSharedVersion,
  ERR_SSL_VERSION_TOO_LOW: noSharedVersion,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: noSharedVersion,
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: noSharedVersion,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: noSharedVersion,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientWanted,
};

/** Alerts a broker sends when it does not like the certificate it was shown; or that none was. */
const clientRefused: ReadonlySet<string> = new Set([
  'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED',
  'ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
  'ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR',
]);

/** Null: the network failed, not TLS. */
export function tlsProblem(cause: unknown, place: TlsPlace): HeadgateError | null {
  const code = codeOf(cause);
  if (!place.isSecured && (code === 'ECONNRESET' || code === 'EPIPE')) return closedInHandshake(place);
  const meaning = meaningOf(code, place);
  return meaning === null ? null : problem(place, meaning, cause);
}

/** Closed, without an answer in TLS: most brokers without TLS do that, and so does one that just stops. */
export function closedInHandshake(place: Omit<TlsPlace, 'tls' | 'isSecured'>): HeadgateError {
  return problem(place, {
    what: 'it closed the connection in the middle of the handshake; most probably this port has no TLS',
    remedy: notTls.remedy,
  });
}

/** Closed after the handshake, before any answer. */
export function closedBeforeAnswer(place: TlsPlace): HeadgateError {
  return problem(place, {
    what: `it closed the connection right after the handshake; most probably it ${
      place.tls.hasOwnCertificate
        ? 'does not trust the certificate of this client'
        : clientWanted.what.slice(3)
    }`,
    remedy: clientRemedy,
  });
}

/** A client without TLS was answered in TLS. */
export function tlsExpected(broker: string): HeadgateError {
  return new HeadgateError(
    'STREAM_TLS_FAILED',
    `Kafka broker ${broker} speaks TLS on this port, and security.protocol asks for none; ` +
      `set security.protocol to SSL or SASL_SSL, or bootstrap.servers to the brokers' port without TLS`,
    { details: { broker } },
  );
}

function meaningOf(code: string, place: TlsPlace): Meaning | null {
  if (clientRefused.has(code))
    return place.tls.hasOwnCertificate
      ? { what: 'it refuses the certificate of this client', remedy: clientRemedy }
      : clientWanted;
  const known = Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  if (known === unknownAuthority && !place.tls.hasOwnAuthorities)
    return {
      what: 'its certificate is signed by an authority that is not one of the usual public ones',
      remedy: authorityRemedy,
    };
  if (known !== undefined) return known;
  return /^(ERR_SSL_|ERR_TLS_|CERT_|CRL_)/.test(code)
    ? { what: `the handshake failed (${code})`, remedy: "look into the broker's log" }
    : null;
}

function codeOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

function problem(
  { broker }: Pick<TlsPlace, 'broker'>,
  { what, remedy }: Meaning,
  cause?: unknown,
): HeadgateError {
  return new HeadgateError(
    'STREAM_TLS_FAILED',
    `no TLS connection to Kafka broker ${broker}: ${what}; ${remedy}`,
    { details: { broker }, cause },
  );
}
