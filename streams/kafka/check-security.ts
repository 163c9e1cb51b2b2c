/**
 * The part of a spec's check that needs more than its structure: certificates and keys that cannot be read or do not
 * belong together. What stands in variables of a worker is looked at when a connection is made.
 */
import type { ParseResult, Problem } from '../../domain/spec/parse.ts';
import { SecurityProblem } from './security-problem.ts';
import { tlsSettings } from './tls.ts';

/** Whatever the caller has found so far, and what is found here. */
export function withSecurityChecked(parsed: ParseResult): ParseResult {
  if (parsed.kind === 'invalid') return parsed;
  const problem = securityProblem(parsed.spec.io.consumerProperties);
  return problem === null ? parsed : { kind: 'invalid', problems: [problem] };
}

function securityProblem(properties: Readonly<Record<string, unknown>>): Problem | null {
  const written = Object.entries(properties).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  const all = Object.fromEntries(written);
  if (all['security.protocol']?.endsWith('SSL') !== true) return null;
  // A pair of which one half comes from a variable cannot be compared yet.
  const isWhole = written.length === Object.keys(properties).length;
  const checked = isWhole ? all : withoutPair(all);
  try {
    tlsSettings(checked);
    return null;
  } catch (error) {
    if (!(error instanceof SecurityProblem)) throw error;
    const { key, found, expected, remedy } = error;
    const path = `spec.ioConfig.consumerProperties["${key}"]`;
    return { path, found, expected, ...(remedy === undefined ? {} : { remedy }) };
  }
}

function withoutPair(properties: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pair = /^ssl\.(keystore|key)\./;
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !pair.test(key)));
}
