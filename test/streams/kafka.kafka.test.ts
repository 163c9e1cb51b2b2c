/** Kafka behaves as any stream does, on a real broker; streams/kafka/. */
import { kafkaBootstrap } from '../support/addresses.ts';
import { describeRecordSource } from './conformance.ts';
import { KafkaTopic } from './kafka/topic.ts';

describeRecordSource('a Kafka topic', (options) => KafkaTopic.create(kafkaBootstrap(), options));
