/** Entry of a sampler thread: takes one sample, posts the answer's text or why there is none, and ends. Started as plain JavaScript. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../domain/assert.ts';
import { isHeadgateError, messageOf } from '../../domain/errors.ts';
import { createRecordParser } from '../../formats/record-parser.ts';
import { topicsOf } from '../../formats/topic-pattern.ts';
import { openKafkaRecordSource } from '../../streams/kafka/kafka-record-source.ts';
import { resolveProperties } from '../../streams/kafka/resolve-properties.ts';
import { Sample } from './sample.ts';
import { textRecords, topicRecords } from './sample-records.ts';
import type { SampleAnswer, SamplerData } from './take-sample.ts';
import type { SampleOrder } from './sampler-request.ts';

const mebibyte = 1024 * 1024;

const port = parentPort;
assert(port !== null, 'sampler-thread is only started as a worker thread');
const { order, secretEnvPrefixes } = workerData as SamplerData;

take(order).then(
  (text) => port.postMessage({ kind: 'sampled', text } satisfies SampleAnswer),
  (error: unknown) =>
    port.postMessage({
      kind: 'failed',
      code: isHeadgateError(error) ? error.code : null,
      message: messageOf(error),
    } satisfies SampleAnswer),
);

async function take({ schema, inputFormat, from, limits }: SampleOrder): Promise<string> {
  const secrets = { variables: process.env, prefixes: secretEnvPrefixes };
  const parser = createRecordParser(schema, inputFormat, new Date().getUTCFullYear(), {
    resolveSecrets: (values, field) => resolveProperties(values, secrets, field),
  });
  const sample = new Sample(schema, parser);
  if (from.kind === 'inline') {
    for (const record of textRecords(from.data, inputFormat.type)) {
      await sample.add(record);
      if (sample.rowsRead >= limits.numRows) break;
    }
  } else await fromTopic(sample, from.io, limits);
  return sample.answer(limits.maxResponseBytes);
}

async function fromTopic(
  sample: Sample,
  io: Extract<SampleOrder['from'], { kind: 'kafka' }>['io'],
  { numRows, timeoutMs }: SampleOrder['limits'],
): Promise<void> {
  const { topic, bootstrapServers, isolationLevel, consumerProperties } = io;
  const source = openKafkaRecordSource({
    topic,
    matches: topicsOf(io),
    bootstrapServers,
    isolationLevel,
    consumerProperties,
    clientId: 'headgate-sampler',
    maxBufferedBytes: 4 * mebibyte,
    secrets: { variables: process.env, prefixes: secretEnvPrefixes },
  });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    for await (const record of topicRecords(source, { topic, fromEarliest: io.useEarliestOffset, signal })) {
      await sample.add(record);
      if (sample.rowsRead >= numRows || signal.aborted) break;
    }
  } finally {
    await source.close();
  }
}
