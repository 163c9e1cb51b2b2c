/** Descriptor sets written by hand: what protoc would make of small .proto files. */
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

export type File = MessageInitShape<typeof FileDescriptorProtoSchema>;

type FieldOptions = {
  readonly repeated?: true;
  readonly required?: true;
  readonly typeName?: string;
  readonly oneofIndex?: number;
  readonly proto3Optional?: true;
  readonly packed?: boolean;
};

type TypeName = keyof typeof FieldDescriptorProto_Type;

export function field(name: string, number: number, type: TypeName, options: FieldOptions = {}) {
  const { repeated, required, packed, ...rest } = options;
  const label = repeated ? 'REPEATED' : required ? 'REQUIRED' : 'OPTIONAL';
  return {
    name,
    number,
    type: FieldDescriptorProto_Type[type],
    label: FieldDescriptorProto_Label[label],
    ...rest,
    ...(packed === undefined ? {} : { options: { packed } }),
  };
}

export function message(
  name: string,
  typeName: string,
): Pick<FieldOptions, 'typeName'> & { type: 'MESSAGE' } {
  return { type: 'MESSAGE', typeName: `${typeName}${name}` };
}

/** A map of texts to values, as protoc writes it: a list of entries. */
export function mapEntry(name: string, key: TypeName, value: ReturnType<typeof field>) {
  return { name, field: [field('key', 1, key), value], options: { mapEntry: true } };
}

export function descriptorSet(...files: File[]): string {
  const set = create(FileDescriptorSetSchema, { file: files });
  return Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString('base64');
}

export function descriptorFile(file: File): string {
  return Buffer.from(toBinary(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, file))).toString(
    'base64',
  );
}

export const wellKnown = ['any', 'duration', 'field_mask', 'struct', 'timestamp', 'wrappers'].map(
  (name) => `google/protobuf/${name}.proto`,
);
