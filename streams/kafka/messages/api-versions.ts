/**
 * ApiVersions, the first request on every connection: which versions of which requests a broker speaks.
 *
 * Version 3; a broker too old for it answers UNSUPPORTED_VERSION in the form of version 0, and is asked again so.
 *
 *   request 3: client_software_name:compact_string client_software_version:compact_string tags
 *   answer 0:  error_code:int16 [api_key:int16 min_version:int16 max_version:int16]
 *   answer 3:  error_code:int16 compact[api_key min_version max_version tags] throttle_time_ms:int32 tags
 */
import { kafkaError } from '../kafka-errors.ts';
import type { WireReader } from '../wire/reader.ts';
import type { Message } from './message.ts';

export type ApiRange = { readonly apiKey: number; readonly min: number; readonly max: number };

export type ApiVersionsResponse = { readonly errorCode: number; readonly apis: readonly ApiRange[] };

export type ApiVersionsRequest = { readonly softwareName: string; readonly softwareVersion: string };

export const apiVersions: Message<ApiVersionsRequest, ApiVersionsResponse> = {
  name: 'ApiVersions',
  apiKey: 18,
  version: 3,
  header: { request: 2, response: 0 },
  write(writer, request) {
    writer.compactString(request.softwareName).compactString(request.softwareVersion).noTaggedFields();
  },
  read(reader) {
    const errorCode = reader.int16();
    if (errorCode === kafkaError.UNSUPPORTED_VERSION) {
      reader.skip(reader.remaining);
      return { errorCode, apis: [] };
    }
    const apis = reader.compactArray((element) => {
      const range = readRange(element);
      element.skipTaggedFields();
      return range;
    });
    reader.int32();
    reader.skipTaggedFields();
    return { errorCode, apis };
  },
};

export const apiVersionsFallback: Message<ApiVersionsRequest, ApiVersionsResponse> = {
  name: 'ApiVersions',
  apiKey: 18,
  version: 0,
  header: { request: 1, response: 0 },
  write() {
    // Version 0 has no body.
  },
  read(reader) {
    return { errorCode: reader.int16(), apis: reader.array(readRange) };
  },
};

function readRange(reader: WireReader): ApiRange {
  return { apiKey: reader.int16(), min: reader.int16(), max: reader.int16() };
}
