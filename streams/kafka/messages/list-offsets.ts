/**
 * ListOffsets 6: the first or the last readable offset of partitions of any topics, or the first one by time.
 *
 * Under read_committed the last one is the last stable offset: what a reader of that isolation can reach. No record
 * that is young enough: offset -1.
 *
 *   request: replica_id:int32 isolation_level:int8
 *            compact[name compact[partition:int32 current_leader_epoch:int32 timestamp:int64 tags] tags] tags
 *   answer:  throttle_time_ms:int32
 *            compact[name compact[partition:int32 error_code:int16 timestamp:int64 offset:int64 leader_epoch:int32 tags] tags] tags
 */
import type { LogBound } from '../../record-source.ts';
import type { Message } from './message.ts';
import { runsOf } from './runs.ts';

/** On the wire; `true` is read_committed. */
export function isolationCode(isCommittedOnly: boolean): number {
  return isCommittedOnly ? 1 : 0;
}

/** Negative values of the timestamp field are special; no record is that old. */
function timestampOf(bound: LogBound): bigint {
  if (bound === 'earliest') return -2n;
  if (bound === 'latest') return -1n;
  return BigInt(Math.max(0, Math.ceil(bound.timestampMs)));
}

export type ListOffsetsRequest = {
  readonly isCommittedOnly: boolean;
  readonly bound: LogBound;
  readonly partitions: readonly AskedOffset[];
};

export type AskedOffset = {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
};

export type ListOffsetsResponse = {
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly errorCode: number;
    /** -1 without an error: there is no such record. */
    readonly offset: bigint;
  }[];
};

export const listOffsets: Message<ListOffsetsRequest, ListOffsetsResponse> = {
  name: 'ListOffsets',
  apiKey: 2,
  version: 6,
  header: { request: 2, response: 1 },
  write(writer, request) {
    writer
      .int32(-1)
      .int8(isolationCode(request.isCommittedOnly))
      .compactArray(runsOf(request.partitions, sameTopic), (topic, run) =>
        topic
          .compactString(run[0].topic)
          .compactArray(run, (element, { partition, leaderEpoch }) =>
            element.int32(partition).int32(leaderEpoch).int64(timestampOf(request.bound)).noTaggedFields(),
          )
          .noTaggedFields(),
      )
      .noTaggedFields();
  },
  read(reader) {
    reader.int32();
    const topics = reader.compactArray((topic) => {
      const name = topic.compactString();
      const partitions = topic.compactArray((element) => {
        const partition = element.int32();
        const errorCode = element.int16();
        element.int64();
        const offset = element.int64();
        element.int32();
        element.skipTaggedFields();
        return { topic: name, partition, errorCode, offset };
      });
      topic.skipTaggedFields();
      return partitions;
    });
    reader.skipTaggedFields();
    return { partitions: topics.flat() };
  },
};

function sameTopic(left: AskedOffset, right: AskedOffset): boolean {
  return left.topic === right.topic;
}
