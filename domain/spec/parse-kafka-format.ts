/** Reads the format `kafka`: a record as a whole, its value and key in formats of their own (druid.md 1.3). */
import { z } from 'zod';
import {
  headerEncodings,
  plainJson,
  type HeaderEncoding,
  type KafkaFormat,
  type PayloadFormat,
} from './input-format.ts';
import type { SectionReader } from './parse-reader.ts';
import { isPlainObject } from './raw.ts';

/** Reads the format of a value or a key. */
export type ReadPayload = (format: SectionReader) => PayloadFormat;

export function readKafkaFormat(section: SectionReader, readPayload: ReadPayload): KafkaFormat {
  const name = (field: string, standard: string): string =>
    section.read(field, z.string({ error: 'a text' }), standard);
  return {
    type: 'kafka',
    valueFormat: readPart(section, 'valueFormat', readPayload) ?? plainJson,
    keyFormat: section.has('keyFormat') ? readPart(section, 'keyFormat', readPayload) : null,
    headerEncoding: readHeaderEncoding(section),
    headerColumnPrefix: name('headerColumnPrefix', 'kafka.header.'),
    keyColumnName: name('keyColumnName', 'kafka.key'),
    timestampColumnName: name('timestampColumnName', 'kafka.timestamp'),
    topicColumnName: name('topicColumnName', 'kafka.topic'),
  };
}

function readPart(
  section: SectionReader,
  field: 'valueFormat' | 'keyFormat',
  readPayload: ReadPayload,
): PayloadFormat | null {
  const format = section.section(field, 'required', 'an object such as {"type": "json"}');
  if (!isPlainObject(section.get(field))) return null;
  if (format.get('type') !== 'kafka') return readPayload(format);
  format.problem('type', 'the format of the value or key alone', 'the format kafka cannot be within itself');
  return null;
}

function readHeaderEncoding(section: SectionReader): HeaderEncoding | null {
  const header = section.section('headerFormat', 'optional', 'an object such as {"type": "string"}');
  if (!isPlainObject(section.get('headerFormat'))) return null;
  if (header.get('type') !== 'string') header.problem('type', 'string');
  const name = header.read('encoding', z.string({ error: encodingsExpected }), 'UTF-8');
  const encoding = encodingsByName.get(name.toLowerCase());
  if (encoding === undefined) header.problem('encoding', encodingsExpected);
  return encoding ?? null;
}

const encodingsExpected = `one of ${headerEncodings.join(', ')}`;

/** Other names Java has for them, in any case. */
const otherNames: { readonly [encoding in HeaderEncoding]: readonly string[] } = {
  'UTF-8': ['utf8', 'unicode-1-1-utf-8'],
  'UTF-16': ['utf_16', 'utf16', 'unicode', 'unicodebig'],
  'UTF-16BE': ['utf_16be', 'iso-10646-ucs-2', 'x-utf-16be', 'unicodebigunmarked'],
  'UTF-16LE': ['utf_16le', 'x-utf-16le', 'unicodelittleunmarked'],
  'US-ASCII': [
    'ascii',
    'ascii7',
    'ansi_x3.4-1968',
    'ansi_x3.4-1986',
    'iso-ir-6',
    'iso_646.irv:1983',
    'iso_646.irv:1991',
    'iso646-us',
    'ibm367',
    'cp367',
    'us',
    '646',
    'default',
    'csascii',
  ],
  'ISO-8859-1': [
    'iso8859_1',
    'latin1',
    'l1',
    'iso_8859-1:1987',
    'iso_8859-1',
    'iso8859-1',
    'iso_8859_1',
    '8859_1',
    'iso-8859_1',
    'iso-ir-100',
    'ibm819',
    'ibm-819',
    'cp819',
    '819',
    'csisolatin1',
  ],
};

const encodingsByName: ReadonlyMap<string, HeaderEncoding> = new Map(
  headerEncodings.flatMap((encoding) =>
    [encoding.toLowerCase(), ...otherNames[encoding]].map((name) => [name, encoding] as const),
  ),
);
