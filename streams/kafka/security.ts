/**
 * From resolved client properties to what a connection does after it stands: TLS, SASL, both or neither.
 *
 * The one place that says what a combination means; what is wrong with it is a SecurityProblem.
 */
import { parseJaas } from '../../domain/spec/jaas.ts';
import {
  saslMechanisms,
  securityProtocols,
  type SaslMechanism,
} from '../../domain/spec/security-properties.ts';
import { gateFor, type AuthGate } from './sasl/auth-gate.ts';
import { SecurityProblem } from './security-problem.ts';
import { tlsSettings, type TlsSettings } from './tls.ts';

export type SaslSettings = {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
  /** The same one for everything in this process that logs in so. */
  readonly gate: AuthGate;
};

export type Security = {
  readonly tls: TlsSettings | null;
  readonly sasl: SaslSettings | null;
};

type Properties = Readonly<Record<string, string>>;

/** Throws SecurityProblem. */
export function securityOf(properties: Properties, bootstrapServers: readonly string[]): Security {
  const protocol = (properties['security.protocol'] ?? 'PLAINTEXT').toUpperCase();
  if (!securityProtocols.some((known) => known === protocol))
    throw new SecurityProblem('security.protocol', 'another text', `one of ${securityProtocols.join(', ')}`);
  return {
    tls: protocol.endsWith('SSL') ? tlsSettings(properties) : null,
    sasl: protocol.startsWith('SASL_') ? saslSettings(properties, bootstrapServers) : null,
  };
}

/** For a connection that is to be made now. Throws STREAM_TLS_FAILED or STREAM_AUTH_FAILED. */
export function securityNow(properties: Properties, bootstrapServers: readonly string[]): Security {
  try {
    return securityOf(properties, bootstrapServers);
  } catch (error) {
    throw error instanceof SecurityProblem ? error.asError() : error;
  }
}

function saslSettings(properties: Properties, bootstrapServers: readonly string[]): SaslSettings {
  const mechanism = saslMechanisms.find((known) => known === properties['sasl.mechanism']?.toUpperCase());
  if (mechanism === undefined)
    throw new SecurityProblem('sasl.mechanism', 'none that is known', `one of ${saslMechanisms.join(', ')}`);
  const jaas = parseJaas(properties['sasl.jaas.config'] ?? '');
  if (jaas.kind === 'wrong')
    throw new SecurityProblem('sasl.jaas.config', jaas.found, jaas.expected, jaas.remedy);
  if ((mechanism === 'PLAIN') !== (jaas.module === 'plain'))
    throw new SecurityProblem(
      'sasl.jaas.config',
      jaas.module === 'plain' ? 'PlainLoginModule' : 'ScramLoginModule',
      `the login module of sasl.mechanism ${mechanism}`,
    );
  const { username, password } = jaas;
  const gate = gateFor([...bootstrapServers].sort(), mechanism, username, password);
  return { mechanism, username, password, gate };
}
