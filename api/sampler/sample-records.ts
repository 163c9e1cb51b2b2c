/** The records of a sample, in order of arrival: from the topic until enough were taken or its end is reached, or from a text. */
import { topicOf } from '../../domain/partition-key.ts';
import type { InputRecord } from '../../formats/input-reader.ts';
import type { RecordSource } from '../../streams/record-source.ts';
import type { SampleOrder } from './sampler-request.ts';

const pollMs = 250;

/** Ends by itself at what was the end of the topic when it began; a topic that starts at `latest` is waited for. */
export async function* topicRecords(
  source: RecordSource,
  options: { readonly topic: string; readonly fromEarliest: boolean; readonly signal: AbortSignal },
): AsyncGenerator<InputRecord> {
  const { topic, fromEarliest, signal } = options;
  const { partitions } = await source.describe();
  const ends = await source.positions(partitions, 'latest');
  const starts = fromEarliest ? await source.positions(partitions, 'earliest') : ends;
  const unread = new Set(
    [...starts].filter(([partition, start]) => start < (ends.get(partition) ?? start)).map(([key]) => key),
  );
  if (starts.size === 0 || (fromEarliest && unread.size === 0)) return;
  const reader = source.read(starts);
  while (!signal.aborted && (!fromEarliest || unread.size > 0)) {
    for (const { partition, records, next } of await reader.poll(pollMs)) {
      // Name by name: what a record of Kafka holds is behind getters, which a spread leaves out.
      for (const { position, timestampMs, key, value, headers } of records)
        yield { position, timestampMs, key, value, headers, topic: topicOf(partition, topic), partition };
      if (next >= (ends.get(partition) ?? next)) unread.delete(partition);
    }
  }
}

/** Formats whose records are lines; a csv has a header line, or values of several lines. */
export function* textRecords(
  data: string,
  format: SampleOrder['inputFormat']['type'],
): Generator<InputRecord> {
  const isWhole = format === 'csv' || format === 'tsv';
  const texts = isWhole ? [data] : data.split(/\r?\n/).filter((line) => line.trim() !== '');
  let position = 0n;
  for (const text of texts) {
    yield {
      value: Buffer.from(text),
      key: null,
      headers: [],
      timestampMs: 0,
      topic: 'inline',
      partition: '0',
      position: position++,
    };
  }
}
