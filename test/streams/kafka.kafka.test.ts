/** Kafka behaves as any stream does, on a real broker; streams/kafka/. */
import { kafkaBootstrap } from '../support/addresses.ts';
import { describeRecordSource, type StreamUnderTest } from './conformance.ts';
import { describePatternSource } from './pattern-conformance.ts';
import { withPlainKeys } from './plain-keys.ts';
import { freshName, KafkaTopic } from './kafka/topic.ts';

describeRecordSource('a Kafka topic', (options) => KafkaTopic.create(kafkaBootstrap(), options));

describeRecordSource(
  'a Kafka topic of a pattern',
  async (options) => {
    const topic = await KafkaTopic.create(kafkaBootstrap(), options);
    const openSource: StreamUnderTest['openSource'] = () =>
      withPlainKeys(
        KafkaTopic.openPattern(topic.bootstrap, topic.name, (name) => name === topic.name),
        topic.name,
      );
    return Object.assign(topic, { openSource });
  },
  { isAmongOthers: true },
);

describePatternSource('a Kafka cluster', () => ({
  prefix: `${freshName()}-`,
  create: (name, options) => KafkaTopic.create(kafkaBootstrap(), { ...options, name }),
  openSource: (pattern, matches) => KafkaTopic.openPattern(kafkaBootstrap(), pattern, matches),
}));
