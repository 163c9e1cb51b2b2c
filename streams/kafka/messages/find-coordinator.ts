/**
 * FindCoordinator 3: which broker keeps the offsets of a consumer group.
 *
 *   request: key:compact_string key_type:int8 tags
 *   answer:  throttle_time_ms:int32 error_code:int16 error_message:compact_string
 *            node_id:int32 host:compact_string port:int32 tags
 */
import type { Message } from './message.ts';

export type FindCoordinatorRequest = { readonly group: string };

export type FindCoordinatorResponse = {
  readonly errorCode: number;
  readonly host: string;
  readonly port: number;
};

const groupKey = 0;

export const findCoordinator: Message<FindCoordinatorRequest, FindCoordinatorResponse> = {
  name: 'FindCoordinator',
  apiKey: 10,
  version: 3,
  header: { request: 2, response: 1 },
  write(writer, { group }) {
    writer.compactString(group).int8(groupKey).noTaggedFields();
  },
  read(reader) {
    reader.int32();
    const errorCode = reader.int16();
    reader.compactNullableString();
    reader.int32();
    const host = reader.compactString();
    const port = reader.int32();
    reader.skipTaggedFields();
    return { errorCode, host, port };
  },
};
