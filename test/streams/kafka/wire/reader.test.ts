import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireReader } from '../../../../streams/kafka/wire/reader.ts';
import { WireWriter } from '../../../../streams/kafka/wire/writer.ts';

const protocolError = expect.objectContaining({ code: 'STREAM_PROTOCOL' });

function reading<T>(bytes: readonly number[] | Buffer, read: (reader: WireReader) => T): T {
  return read(new WireReader(Buffer.from(bytes)));
}

describe('the wire reader', () => {
  it('reads what the writer wrote', () => {
    fc.assert(
      fc.property(
        fc.tuple(
          fc.integer({ min: -128, max: 127 }),
          fc.integer({ min: -32_768, max: 32_767 }),
          fc.integer(),
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          fc.integer({ min: 0, max: 0xffffffff }),
          fc.option(fc.string({ unit: 'grapheme' })),
          fc.array(fc.integer()),
        ),
        ([int8, int16, int32, int64, unsigned, string, list]) => {
          const writer = new WireWriter(1)
            .int8(int8)
            .int16(int16)
            .int32(int32)
            .int64(int64)
            .unsignedVarint(unsigned)
            .compactString(string)
            .compactArray(list, (element, value) => element.int32(value))
            .array(list, (element, value) => element.int32(value))
            .uuid('AAAAAAAAAAAAAAAAAAAAAQ')
            .uuid(null)
            .noTaggedFields();
          const reader = new WireReader(writer.finish());
          expect([reader.int8(), reader.int16(), reader.int32(), reader.int64()]).toEqual([
            int8,
            int16,
            int32,
            int64,
          ]);
          expect(reader.unsignedVarint()).toBe(unsigned);
          expect(reader.compactNullableString()).toBe(string);
          expect(reader.compactArray((element) => element.int32())).toEqual(list);
          expect(reader.array((element) => element.int32())).toEqual(list);
          expect(reader.uuid()).toBe('AAAAAAAAAAAAAAAAAAAAAQ');
          expect(reader.uuid()).toBeNull();
          reader.skipTaggedFields();
          reader.end();
        },
      ),
      { seed: 7 },
    );
  });

  it('passes over tagged fields it does not know', () => {
    const reader = new WireReader(Buffer.from([2, 0, 1, 0xaa, 5, 3, 1, 2, 3, 0x7f]));
    reader.skipTaggedFields();
    expect(reader.int8()).toBe(0x7f);
  });

  it('gives bytes as a view, not a copy', () => {
    const bytes = Buffer.from([3, 10, 20]);
    const view = new WireReader(bytes).compactBytes();
    bytes[1] = 99;
    expect(view?.[0]).toBe(99);
  });

  it.each([
    ['an int8', [], (reader: WireReader) => reader.int8()],
    ['an int16', [1], (reader: WireReader) => reader.int16()],
    ['an int32', [1, 2, 3], (reader: WireReader) => reader.int32()],
    ['an int64', [1, 2, 3, 4, 5, 6, 7], (reader: WireReader) => reader.int64()],
    ['a uuid', [1], (reader: WireReader) => reader.uuid()],
    ['a varint', [0x80], (reader: WireReader) => reader.unsignedVarint()],
    ['bytes', [5, 1], (reader: WireReader) => reader.compactBytes()],
    ['a tagged field', [1, 0, 9, 1], (reader: WireReader) => reader.skipTaggedFields()],
    ['an array', [3, 1], (reader: WireReader) => reader.compactArray((element) => element.int8())],
  ])('refuses %s that goes past the end', (_, bytes, read) => {
    expect(() => reading(bytes, (reader) => read(reader))).toThrow(protocolError);
  });

  it('refuses an array that the bytes left cannot hold, before making room for it', () => {
    expect(() => reading([0xff, 0xff, 0xff, 0xff, 0x0f], (reader) => reader.compactArray(() => 0))).toThrow(
      protocolError,
    );
    expect(() => reading([0x7f, 0xff, 0xff, 0xff], (reader) => reader.array(() => 0))).toThrow(protocolError);
  });

  it('refuses a varint of more than five bytes', () => {
    expect(() => reading([0x80, 0x80, 0x80, 0x80, 0x80, 0x01], (reader) => reader.unsignedVarint())).toThrow(
      protocolError,
    );
  });

  it('refuses null where a string must be', () => {
    expect(() => reading([0], (reader) => reader.compactString())).toThrow(protocolError);
  });

  it('refuses bytes left over', () => {
    expect(() => reading([1], (reader) => reader.end())).toThrow(protocolError);
  });
});
