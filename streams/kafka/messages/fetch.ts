/**
 * Fetch 13: record batches of partitions of any topics, from given offsets on.
 *
 * Version 13 names a topic by its id, so that a topic created again under the same name is an error of the
 * broker instead of wrong records. What a request leaves out, the fetch session holds (fetch-session.ts).
 *
 *   request: replica_id:int32 max_wait_ms:int32 min_bytes:int32 max_bytes:int32 isolation_level:int8
 *            session_id:int32 session_epoch:int32
 *            compact[topic_id:uuid compact[partition:int32 current_leader_epoch:int32 fetch_offset:int64
 *              last_fetched_epoch:int32 log_start_offset:int64 partition_max_bytes:int32 tags] tags]
 *            compact[topic_id:uuid compact[forgotten_partition:int32] tags] rack_id:compact_string tags
 *   answer:  throttle_time_ms:int32 error_code:int16 session_id:int32
 *            compact[topic_id:uuid compact[partition:int32 error_code:int16 high_watermark:int64
 *              last_stable_offset:int64 log_start_offset:int64 compact[producer_id:int64 first_offset:int64 tags]
 *              preferred_read_replica:int32 records:compact_bytes tags] tags] tags
 */
import type { WireReader } from '../wire/reader.ts';
import { isolationCode } from './list-offsets.ts';
import type { Message } from './message.ts';
import { runsOf } from './runs.ts';

export type FetchRequest = {
  readonly isCommittedOnly: boolean;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** Of the whole answer; a first batch that is larger comes all the same. */
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** A broker fills the answer to a full request in this order; a topic is named again after another one. */
  readonly partitions: readonly FetchTarget[];
  /** No longer part of the session. */
  readonly forgotten: readonly FetchTarget[];
};

export type FetchTarget = {
  /** Of the partition among all of the reader; does not go over the wire. */
  readonly key: string;
  readonly topicId: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly offset: bigint;
};

export type AbortedTransaction = { readonly producerId: bigint; readonly firstOffset: bigint };

export type FetchedPartition = {
  readonly topicId: string | null;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  /** -1 where the broker does not say. */
  readonly lastStableOffset: bigint;
  readonly aborted: readonly AbortedTransaction[];
  /** A view into the answer. */
  readonly records: Buffer;
};

export type FetchResponse = {
  readonly throttleMs: number;
  readonly errorCode: number;
  /** 0: no session. */
  readonly sessionId: number;
  readonly partitions: readonly FetchedPartition[];
};

const noRecords = Buffer.alloc(0);

export const fetch: Message<FetchRequest, FetchResponse> = {
  name: 'Fetch',
  apiKey: 1,
  version: 13,
  header: { request: 2, response: 1 },
  write(writer, request) {
    writer
      .int32(-1)
      .int32(request.maxWaitMs)
      .int32(request.minBytes)
      .int32(request.maxBytes)
      .int8(isolationCode(request.isCommittedOnly))
      .int32(request.sessionId)
      .int32(request.sessionEpoch)
      .compactArray(runsOf(request.partitions, sameTopic), (topic, run) =>
        topic
          .uuid(run[0].topicId)
          .compactArray(run, (element, { partition, leaderEpoch, offset }) =>
            element
              .int32(partition)
              .int32(leaderEpoch)
              .int64(offset)
              .int32(-1)
              .int64(-1n)
              .int32(request.partitionMaxBytes)
              .noTaggedFields(),
          )
          .noTaggedFields(),
      )
      .compactArray(runsOf(request.forgotten, sameTopic), (topic, run) =>
        topic
          .uuid(run[0].topicId)
          .compactArray(run, (element, { partition }) => element.int32(partition))
          .noTaggedFields(),
      )
      .compactString('')
      .noTaggedFields();
  },
  read(reader) {
    const throttleMs = reader.int32();
    const errorCode = reader.int16();
    const sessionId = reader.int32();
    const topics = reader.compactArray((topic) => {
      const topicId = topic.uuid();
      const partitions = topic.compactArray((element) => readPartition(element, topicId));
      topic.skipTaggedFields();
      return partitions;
    });
    reader.skipTaggedFields();
    return { throttleMs, errorCode, sessionId, partitions: topics.flat() };
  },
};

function sameTopic(left: FetchTarget, right: FetchTarget): boolean {
  return left.topicId === right.topicId;
}

function readPartition(reader: WireReader, topicId: string | null): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  reader.int64();
  const aborted = reader.compactArray((element) => {
    const transaction = { producerId: element.int64(), firstOffset: element.int64() };
    element.skipTaggedFields();
    return transaction;
  });
  reader.int32();
  const records = reader.compactBytes() ?? noRecords;
  reader.skipTaggedFields();
  return { topicId, partition, errorCode, highWatermark, lastStableOffset, aborted, records };
}
