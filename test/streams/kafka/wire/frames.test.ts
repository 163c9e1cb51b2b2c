import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameAssembler } from '../../../../streams/kafka/wire/frames.ts';

function frame(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const large = 300 * 1024;

/** No two stretches of it are alike. */
function body(length: number, mark: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + mark) & 0xff));
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

describe('answers of some size', () => {
  const bodies = [body(4, 1), body(large, 2), body(50, 3), body(large + 7, 4), body(9, 5)];
  const stream = Buffer.concat(bodies.map(frame));
  const steps = fc.array(fc.integer({ min: 1, max: 200 * 1024 }), { minLength: 1, maxLength: 30 });

  function expectAll(frames: readonly Buffer[]): void {
    expect(frames.map((answer) => answer.length)).toEqual(bodies.map(({ length }) => length));
    frames.forEach((answer, index) => expect(answer.equals(bodies[index] ?? Buffer.alloc(0))).toBe(true));
  }

  it('are whole however the stream is cut, and the chunks can be used again', () => {
    fc.assert(
      fc.property(steps, (sizes) => {
        const frames: Buffer[] = [];
        const assembler = new FrameAssembler(1_000_000, (answer) => frames.push(answer));
        const chunk = Buffer.alloc(200 * 1024);
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = stream.copy(chunk, 0, at, at + (sizes[turn % sizes.length] ?? 1));
          assembler.push(chunk.subarray(0, length));
          chunk.fill(0xee);
          at += length;
        }
        expectAll(frames);
      }),
      { numRuns: 60 },
    );
  });

  it('are whole when a socket writes into the space it is given, however little comes', () => {
    fc.assert(
      fc.property(steps, (sizes) => {
        const frames: Buffer[] = [];
        const assembler = new FrameAssembler(1_000_000, (answer) => frames.push(answer));
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const space = assembler.space();
          expect(space.length).toBeGreaterThan(0);
          const length = stream.copy(space, 0, at, at + (sizes[turn % sizes.length] ?? 1));
          assembler.push(space.subarray(0, length));
          at += length;
        }
        expectAll(frames);
      }),
      { numRuns: 60 },
    );
  });

  it('are read in place, without another copy', () => {
    const frames: Buffer[] = [];
    const assembler = new FrameAssembler(1_000_000, (answer) => frames.push(answer));
    assembler.push(stream.subarray(0, 8 + 4 + 1_000));
    const space = assembler.space();
    expect(space.length).toBe(large - 1_000);
    stream.copy(space, 0, 1_012);
    assembler.push(space);
    expect(frames[1]?.buffer).toBe(space.buffer);
    expect(assembler.space().buffer).not.toBe(space.buffer);
  });
});
