/**
 * A record that could not be read, whole, with where it lay and why: one line of JSON. Bytes that are UTF-8 are text, others
 * base64 under a name of their own, so that nothing of the record is lost.
 */
import type { SourceRecord } from '../../streams/record-source.ts';

export type DeadLetter = {
  readonly topic: string;
  /** The number. */
  readonly partition: string;
  /** A decimal integer. */
  readonly offset: string;
  /** Milliseconds since the epoch, as the stream had it. */
  readonly timestamp: number;
  readonly reasons: readonly string[];
  readonly headers: readonly ({ readonly key: string } & Bytes<'value'>)[];
} & Bytes<'key'> &
  Bytes<'value'>;

type Bytes<Name extends string> = {
  readonly [name in Name]?: string | null;
} & { readonly [name in `${Name}Base64`]?: string };

/** Without the line end. */
export function letterLine(
  { position, timestampMs, key, value, headers }: SourceRecord,
  place: { readonly topic: string; readonly partition: string; readonly reasons: readonly string[] },
): string {
  const { topic, partition, reasons } = place;
  return JSON.stringify({
    topic,
    partition,
    offset: String(position),
    timestamp: timestampMs,
    reasons,
    ...named('key', key),
    ...named('value', value),
    headers: headers.map((header) => ({ key: header.key, ...named('value', header.value) })),
  } satisfies DeadLetter);
}

export function parseLetter(line: string): DeadLetter {
  return JSON.parse(line) as DeadLetter;
}

/** The bytes that `letterLine` was given. */
export function bytesOf(text: string | null | undefined, base64: string | undefined): Buffer | null {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  return text === null || text === undefined ? null : Buffer.from(text);
}

function named<Name extends string>(name: Name, bytes: Uint8Array | null): Bytes<Name> {
  return (bytes === null ? { [name]: null } : written(name, bytes)) as Bytes<Name>;
}

function written(name: string, bytes: Uint8Array): { readonly [name: string]: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return buffer.equals(Buffer.from(text))
    ? { [name]: text }
    : { [`${name}Base64`]: buffer.toString('base64') };
}
