/** What a file in this folder gives: how one request is written and its answer read, in one version each. */
import type { WireReader } from '../wire/reader.ts';
import type { WireWriter } from '../wire/writer.ts';

export type Message<Request, Response> = {
  readonly name: string;
  readonly apiKey: number;
  readonly version: number;
  /** Flexible versions have tagged fields in request headers and, but for ApiVersions, in answer headers. */
  readonly header: { readonly request: 1 | 2; readonly response: 0 | 1 };
  readonly write: (writer: WireWriter, request: Request) => void;
  readonly read: (reader: WireReader) => Response;
};
