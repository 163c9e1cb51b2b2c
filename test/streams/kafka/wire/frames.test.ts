import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameAssembler } from '../../../../streams/kafka/wire/frames.ts';

function frame(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('the frame assembler', () => {
  it('gives the same answers however the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 4, maxLength: 50 }), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (bodies, cuts) => {
          const found: string[] = [];
          const assembler = new FrameAssembler(100, (answer) => found.push(answer.toString('hex')));
          const stream = Buffer.concat(bodies.map(frame));
          let at = 0;
          for (let turn = 0; at < stream.length; turn += 1) {
            const size = cuts[turn % cuts.length] ?? 1;
            // The chunk is overwritten afterwards: answers must not be views into it.
            const chunk = Buffer.from(stream.subarray(at, at + size));
            assembler.push(chunk);
            chunk.fill(0);
            at += size;
          }
          expect(found).toEqual(bodies.map((body) => Buffer.from(body).toString('hex')));
        },
      ),
      { seed: 11 },
    );
  });

  it.each([3, 0, -1, 101, 0x48545450 /* "HTTP" */])('refuses an answer of %d bytes', (length) => {
    const assembler = new FrameAssembler(100, () => undefined);
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(length);
    expect(() => assembler.push(bytes)).toThrow(expect.objectContaining({ code: 'STREAM_PROTOCOL' }));
  });
});
