/** Entry of an ingest thread: joins the message port, Kafka and the thread's inside. Started as plain JavaScript from `dist/`. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../../../domain/assert.ts';
import { HeadgateError } from '../../../domain/errors.ts';
import { topicsOf } from '../../../formats/topic-pattern.ts';
import type { RecordSource } from '../../../streams/record-source.ts';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { SourceSetup } from '../protocol.ts';
import { IngestThread } from './ingest-thread.ts';

const port = parentPort;
assert(port !== null, 'thread/main is only started as a worker thread');

const thread = new IngestThread({
  post: (message) => port.postMessage(message),
  openSource,
});
port.on('message', (message: unknown) => thread.receive(message));

function openSource(setup: SourceSetup): RecordSource {
  if (setup.kind === 'kafka')
    return openKafkaRecordSource({
      ...setup,
      matches: topicsOf(setup),
      secrets: { variables: process.env, prefixes: setup.secretEnvPrefixes },
    });
  throw new HeadgateError('INVARIANT_VIOLATED', `a thread cannot open a source of kind ${setup.kind}`);
}
