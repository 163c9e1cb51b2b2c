/**
 * JSON records. A record is taken whole or not at all, as in a Druid task: text that is not JSON, or anything but objects,
 * makes the whole record unparseable, with one message.
 */
import type { JsonFormat } from '../domain/spec/input-format.ts';
import { maxRecordBytes, unreadable, type ReadRecord, type ValueReader } from './input-reader.ts';
import { JsonTextError, parseJsonObjects } from './json-text.ts';

type Decoder = InstanceType<typeof TextDecoder>;

/** Throws `CompileProblem`. */
export function createJsonReader(_format: JsonFormat): ValueReader {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return { read: (value) => read(decoder, value), rowsStandAlone: false, prepare: null };
}

function read(decoder: Decoder, value: Uint8Array): ReadRecord {
  if (value.byteLength > maxRecordBytes)
    return unreadable(`record has ${value.byteLength} bytes; at most ${maxRecordBytes} are read`);
  const text = decode(decoder, value);
  if (text === null) return unreadable('record is not UTF-8');
  try {
    const rows = parseJsonObjects(text);
    return rows.length === 0 ? unreadable('record is blank; expected JSON objects') : { rows, problems: [] };
  } catch (error) {
    if (error instanceof JsonTextError) return unreadable(error.message);
    throw error;
  }
}

function decode(decoder: Decoder, value: Uint8Array): string | null {
  try {
    return decoder.decode(value);
  } catch {
    return null;
  }
}
