/**
 * Descriptors of Protobuf messages, from a compiled descriptor set or from the files of a registry. The files that come with Protobuf
 * itself (google/protobuf/*.proto) need not be among them; other imports must be, unless nothing of them is used.
 */
import {
  createFileRegistry,
  create,
  fromBinary,
  type DescFile,
  type DescMessage,
  type FileRegistry,
} from '@bufbuild/protobuf';
import {
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/** What is wrong with descriptors, as what was expected. */
export class DescriptorError extends Error {}

export type Descriptors = {
  readonly registry: FileRegistry;
  /** The files given, in their order, without those of Protobuf itself. */
  readonly files: readonly DescFile[];
};

const ownFiles: ReadonlyMap<string, FileDescriptorProto> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_api,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_source_context,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_type,
    file_google_protobuf_wrappers,
  ].map(({ proto }) => [proto.name, proto]),
);

const maxFiles = 2_000;

/** A set in base64, as `protoc --include_imports --descriptor_set_out` writes it. Throws `DescriptorError`. */
export function descriptorsOfSet(base64: string): Descriptors {
  return reading('a compiled descriptor set in base64', () =>
    linked(fromBinary(FileDescriptorSetSchema, bytesOf(base64)).file),
  );
}

/** One file in base64 and those it imports, by the names it imports them by. Throws `DescriptorError`. */
export function descriptorsOfFiles(
  main: string,
  imports: readonly { readonly name: string; readonly text: string }[],
): Descriptors {
  const expected = 'the descriptor of a file in base64, which a registry gives for ?format=serialized';
  return reading(expected, () => {
    const own = fileOf(main);
    if (own.name === '') own.name = 'main.proto';
    return linked([...imports.map(({ name, text }) => Object.assign(fileOf(text), { name })), own]);
  });
}

function reading(expected: string, read: () => Descriptors): Descriptors {
  try {
    return read();
  } catch (error) {
    if (error instanceof DescriptorError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DescriptorError(`${expected} (${reason.slice(0, 160)})`);
  }
}

function bytesOf(base64: string): Uint8Array {
  const text = base64.replace(/\s+/g, '');
  if (text === '' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new Error('it is not base64');
  return Buffer.from(text, 'base64');
}

function fileOf(base64: string): FileDescriptorProto {
  return fromBinary(FileDescriptorProtoSchema, bytesOf(base64));
}

/** Imports first, each file once. An import that nobody has is left out: what needs it fails by its name. */
function linked(given: readonly FileDescriptorProto[]): Descriptors {
  if (given.length === 0) throw new Error('it holds no file');
  if (given.length > maxFiles) throw new DescriptorError(`at most ${maxFiles} files`);
  const byName = new Map([...ownFiles, ...given.map((file) => [file.name, file] as const)]);
  const ordered: FileDescriptorProto[] = [];
  const begun = new Set<string>();
  const add = (file: FileDescriptorProto): void => {
    if (begun.has(file.name)) return;
    begun.add(file.name);
    const dependency = file.dependency.filter((name) => byName.has(name));
    for (const name of dependency) add(byName.get(name) as FileDescriptorProto);
    // The other two lists count places in this one.
    if (dependency.length < file.dependency.length)
      Object.assign(file, { dependency, publicDependency: [], weakDependency: [] });
    ordered.push(file);
  };
  for (const file of given) add(file);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: ordered }));
  const files = given.flatMap(({ name }) => {
    const file = name.startsWith('google/protobuf/') ? undefined : registry.getFile(name);
    return file === undefined ? [] : [file];
  });
  return { registry, files };
}

/**
 * By its full name, or by its own name or those from an outer message on; the first one in the order of the files. Without a name the
 * first message there is. Null: there is none.
 */
export function findMessage({ files }: Descriptors, name: string | null): DescMessage | null {
  const messages = files.flatMap(({ messages: outer }) => outer.flatMap(withNested));
  if (name === null) return messages[0] ?? null;
  const exact = messages.find(({ typeName }) => typeName === name);
  return exact ?? messages.find(({ typeName }) => typeName.endsWith(`.${name}`)) ?? null;
}

function withNested(message: DescMessage): DescMessage[] {
  return [message, ...message.nestedMessages.flatMap(withNested)];
}

/** The message at `places` of the last file, from the outside in. Null: there is none. */
export function messageAt({ files }: Descriptors, places: readonly number[]): DescMessage | null {
  let messages: readonly DescMessage[] = files.at(-1)?.messages ?? [];
  let found: DescMessage | null = null;
  for (const place of places) {
    found = messages[place] ?? null;
    if (found === null) return null;
    messages = found.nestedMessages;
  }
  return found;
}
