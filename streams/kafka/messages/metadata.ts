/**
 * Metadata 12: the brokers, and of some topics or of all their ids, partitions, leaders and leader epochs.
 *
 * Never creates a topic. Of all topics, those that the user may not describe are left out. From version 10 on an answer carries the topic id, which tells a topic from a
 * re-created one of the same name.
 *
 *   request: compact[topic_id:uuid name:compact_string tags] allow_auto_topic_creation:bool
 *            include_topic_authorized_operations:bool tags
 *   answer:  throttle_time_ms:int32 compact[node_id:int32 host port:int32 rack tags] cluster_id controller_id:int32
 *            compact[error_code:int16 name topic_id:uuid is_internal:bool
 *              compact[error_code:int16 partition:int32 leader_id:int32 leader_epoch:int32
 *                replica_nodes isr_nodes offline_replicas tags]
 *              topic_authorized_operations:int32 tags] tags
 */
import type { WireReader } from '../wire/reader.ts';
import type { Message } from './message.ts';

/** Null: every topic of the cluster. */
export type MetadataRequest = { readonly topics: readonly string[] | null };

export type BrokerAddress = { readonly nodeId: number; readonly host: string; readonly port: number };

export type PartitionMetadata = {
  readonly errorCode: number;
  readonly partition: number;
  /** -1: none at the moment. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
};

export type MetadataResponse = {
  readonly brokers: readonly BrokerAddress[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name: string | null;
    readonly topicId: string | null;
    readonly partitions: readonly PartitionMetadata[];
  }[];
};

export const metadata: Message<MetadataRequest, MetadataResponse> = {
  name: 'Metadata',
  apiKey: 3,
  version: 12,
  header: { request: 2, response: 1 },
  write(writer, request) {
    const { topics } = request;
    if (topics === null) writer.unsignedVarint(0);
    else
      writer.compactArray(topics, (element, topic) =>
        element.uuid(null).compactString(topic).noTaggedFields(),
      );
    writer.int8(0).int8(0).noTaggedFields();
  },
  read(reader) {
    reader.int32();
    const brokers = reader.compactArray(readBroker);
    reader.compactNullableString();
    reader.int32();
    const topics = reader.compactArray((topic) => {
      const errorCode = topic.int16();
      const name = topic.compactNullableString();
      const topicId = topic.uuid();
      topic.boolean();
      const partitions = topic.compactArray(readPartition);
      topic.int32();
      topic.skipTaggedFields();
      return { errorCode, name, topicId, partitions };
    });
    reader.skipTaggedFields();
    return { brokers, topics };
  },
};

function readBroker(reader: WireReader): BrokerAddress {
  const broker = { nodeId: reader.int32(), host: reader.compactString(), port: reader.int32() };
  reader.compactNullableString();
  reader.skipTaggedFields();
  return broker;
}

function readPartition(reader: WireReader): PartitionMetadata {
  const partition = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
  };
  for (let list = 0; list < 3; list += 1) reader.compactArray((node) => node.int32());
  reader.skipTaggedFields();
  return partition;
}
