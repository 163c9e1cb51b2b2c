/**
 * OffsetCommit 8, as somebody who is no member of the group: generation -1 and no member id, which a broker takes only
 * while the group has no members.
 *
 *   request: group_id:compact_string generation_id:int32 member_id:compact_string group_instance_id:compact_string
 *            compact[name:compact_string compact[partition:int32 committed_offset:int64 committed_leader_epoch:int32
 *              committed_metadata:compact_string tags] tags] tags
 *   answer:  throttle_time_ms:int32 compact[name compact[partition:int32 error_code:int16 tags] tags] tags
 */
import type { Message } from './message.ts';
import { runsOf } from './runs.ts';

export type CommittedOffset = {
  readonly topic: string;
  readonly partition: number;
  /** The next to read. */
  readonly offset: bigint;
};

export type OffsetCommitRequest = {
  readonly group: string;
  /** Whoever looks at the group sees it beside each offset. */
  readonly note: string;
  readonly offsets: readonly CommittedOffset[];
};

export type OffsetCommitResponse = {
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly errorCode: number;
  }[];
};

export const offsetCommit: Message<OffsetCommitRequest, OffsetCommitResponse> = {
  name: 'OffsetCommit',
  apiKey: 8,
  version: 8,
  header: { request: 2, response: 1 },
  write(writer, { group, note, offsets }) {
    writer
      .compactString(group)
      .int32(-1)
      .compactString('')
      .compactString(null)
      .compactArray(runsOf(offsets, sameTopic), (topic, run) =>
        topic
          .compactString(run[0].topic)
          .compactArray(run, (element, { partition, offset }) =>
            element.int32(partition).int64(offset).int32(-1).compactString(note).noTaggedFields(),
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
        element.skipTaggedFields();
        return { topic: name, partition, errorCode };
      });
      topic.skipTaggedFields();
      return partitions;
    });
    reader.skipTaggedFields();
    return { partitions: topics.flat() };
  },
};

function sameTopic(left: CommittedOffset, right: CommittedOffset): boolean {
  return left.topic === right.topic;
}
