/** A task inside an ingest thread: where sequences are cut, where a pause stands, what is undone, what stops reading. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskSetup } from '../../../../activities/ingest/protocol.ts';
import { HeadgateError } from '../../../../domain/errors.ts';
import type { SourceRecord } from '../../../../streams/record-source.ts';
import { aSequence, positions, range, ThreadBench } from './bench.ts';

describe('a task in an ingest thread', () => {
  let bench: ThreadBench;

  beforeEach(async () => {
    bench = await ThreadBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  it('stops a sequence exactly at its ends and reads on into the next one', async () => {
    bench.produce(0, 100);
    await bench.start();
    await bench.readAll(positions(100, 0));
    await bench.pause();
    const next = aSequence(1, { starts: positions(130, 25) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(130, 25), next });
    bench.produce(0, 80);
    bench.produce(1, 60);
    await bench.readAll(positions(180, 60));
    await bench.next('sequenceRead', ({ sequenceId }) => sequenceId === 's0');
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual([...range(0, 130), ...range(1_000, 1_025)]);
    expect(await bench.sealedIds(sealed, 's1')).toEqual([...range(130, 180), ...range(1_025, 1_060)]);
    expect(sealed.map((sequence) => sequence.positions)).toEqual([positions(130, 25), positions(180, 60)]);
    expect(sealed.map(({ counters }) => counters.processed)).toEqual([155, 85]);
  });

  it('stops reading when undelivered letters would fill the disk, until they are handed over', async () => {
    const bad = 'x'.repeat(1024 * 1024);
    for (let sent = 0; sent < 100; sent += 1) bench.stream.append('0', { value: bad });
    await bench.start({ wantsLetters: true });
    const { report } = await bench.next('progress', (one) => one.report.idle === 'memory');
    expect(report.wantsSpill).toBe(true);
    expect(report.recordsRead).toBeLessThan(80);
    await bench.spill();
    await bench.readAll(positions(100, 0));
  });

  it('goes on with a partition that reached its end while another has not', async () => {
    bench.produce(0, 50);
    await bench.start();
    await bench.readAll(positions(50, 0));
    const next = aSequence(1, { starts: positions(50, 10) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(50, 10), next });
    bench.produce(0, 20);
    await bench.readAll(positions(70, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(0, 50));
    expect(await bench.sealedIds(sealed, 's1')).toEqual(range(50, 70));
    expect(bench.said.some(({ kind }) => kind === 'sequenceRead')).toBe(false);
  });

  it('answers a pause with the very position it stands at, and reads nothing until told', async () => {
    bench.produce(0, 1_500);
    await bench.start();
    const at = await bench.pause();
    bench.produce(1, 300);
    const { report } = await bench.next('progress', (message) => message.report.idle === 'paused');
    expect(report.positions).toEqual(at);
    const sealed = await bench.spill();
    expect(sealed[0]?.positions).toEqual(at);
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(0, Number(at['0'])));
    bench.order({ kind: 'resume' });
    await bench.readAll(positions(1_500, 300));
  });

  it('closes its reader and says that it stopped, although its scratch folder cannot be cleared', async () => {
    let closed = 0;
    bench.openSource = (source) => ({
      ...source,
      describe: () => source.describe(),
      read: (starts) => source.read(starts),
      close: async () => {
        closed += 1;
        await source.close();
      },
    });
    const inTheWay = join(bench.folder, 'no folder');
    await writeFile(inTheWay, '');
    await bench.start({ folder: inTheWay });
    bench.order({ kind: 'stop' });
    await bench.next('stopped');
    expect(closed).toBe(1);
    expect(bench.said.some(({ kind }) => kind === 'failed')).toBe(false);
  });

  it('closes its reader and says that it stopped, although a live answer cannot be posted', async () => {
    let closed = 0;
    bench.openSource = (source) => ({
      ...source,
      describe: () => source.describe(),
      read: (starts) => source.read(starts),
      close: async () => {
        closed += 1;
        await source.close();
      },
    });
    await bench.start();
    bench.onSaid = ({ kind }) => {
      if (kind === 'liveRows') throw new Error('not to be posted');
    };
    const order = { kind: 'live', requestNo: 1, sequenceId: 's0', waitMs: 60_000 } as const;
    bench.order({ ...order, atLeast: positions(1, 0) });
    bench.order({ kind: 'stop' });
    await bench.next('stopped');
    expect(closed).toBe(1);
    expect(bench.said.some(({ kind }) => kind === 'failed')).toBe(false);
  });

  it('takes no record twice, whatever the stream gives', async () => {
    bench.openSource = (source) => ({
      ...source,
      describe: () => source.describe(),
      close: () => source.close(),
      read: (starts) => {
        const reader = source.read(starts);
        const again = async (waitMs: number) => {
          const batches = await reader.poll(waitMs);
          return [...batches, ...batches];
        };
        return { poll: again, drop: () => undefined, close: () => reader.close() };
      },
    });
    bench.produce(0, 10);
    await bench.start();
    const { error, rowsKept } = await bench.next('failed');
    expect([error.code, rowsKept]).toEqual(['STREAM_PROTOCOL', false]);
    expect(error.message).toMatch(/partition 0: .* position 0 again, expected 10/);
  });

  it('goes back to the start when ends are written below what it read', async () => {
    bench.produce(0, 100);
    bench.produce(1, 100);
    await bench.start();
    await bench.readAll(positions(100, 100));
    const next = aSequence(1, { starts: positions(40, 100) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(40, 100), next });
    await bench.next('rewound');
    await bench.next('sequenceRead');
    await bench.readAll(positions(100, 100));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual([...range(0, 40), ...range(1_000, 1_100)]);
    expect(await bench.sealedIds(sealed, 's1')).toEqual(range(40, 100));
    expect(sealed.map(({ counters }) => counters.records)).toEqual([140, 60]);
  });

  it('goes back no further than to the newest mark below the ends', async () => {
    bench.produce(0, 30);
    await bench.start();
    await bench.readAll(positions(30, 0));
    const [first] = await bench.spill();
    bench.produce(0, 30);
    await bench.readAll(positions(60, 0));
    await bench.spill();
    bench.produce(0, 40);
    await bench.readAll(positions(100, 0));
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(45, 0), next: null });
    await bench.next('rewound');
    await bench.next('sequenceRead');
    const sealed = await bench.spill();
    expect(sealed[0]?.files[0]).toEqual(first?.files[0]);
    expect(sealed[0]?.files).toHaveLength(2);
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(0, 45));
  });

  it('drops a spill that was being written when its rows turned out to be beyond the ends', async () => {
    bench.produce(0, 100);
    await bench.start();
    await bench.readAll(positions(100, 0));
    bench.order({ kind: 'spill', round: 99 });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(10, 0), next: null });
    const { sequences } = await bench.next('spilled');
    expect(sequences[0]).toMatchObject({ positions: positions(0, 0), files: [] });
    await bench.next('sequenceRead');
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 10));
  });

  it('counts a gap before the end as read', async () => {
    bench.produce(0, 10);
    await bench.start();
    await bench.readAll(positions(10, 0));
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(15, 0), next: null });
    bench.stream.appendGap('0', 8);
    await bench.next('sequenceRead');
    expect((await bench.spill())[0]?.positions).toEqual(positions(15, 0));
  });

  it('reads no further than the final ends', async () => {
    bench.produce(0, 500);
    await bench.start({ sequences: [aSequence(0, { ends: positions(20, 0) })] });
    await bench.next('sequenceRead');
    const { report } = await bench.next('progress');
    expect(report.idle).toBe('read');
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 20));
  });

  it('goes on from a sealed sequence, and from nothing else', async () => {
    bench.produce(0, 60);
    await bench.start();
    await bench.readAll(positions(60, 0));
    const sealed = (await bench.spill())[0] ?? null;
    bench.order({ kind: 'stop' });
    await bench.next('stopped');
    bench.said.length = 0;
    bench.produce(0, 15);
    await bench.start({ folder: await bench.newFolder(), sequences: [aSequence(0, { sealed })] });
    await bench.readAll(positions(75, 0));
    const again = await bench.spill();
    expect(await bench.sealedIds(again, 's0')).toEqual(range(0, 75));
    expect(again[0]?.counters.records).toBe(75);
  });

  it('skips what is not read of a sequence that a sibling published', async () => {
    bench.produce(0, 100);
    await bench.start({ tuning: limits({ maxRowsInMemory: 20 }) });
    await bench.next('progress', ({ report }) => report.idle === 'memory');
    const next = aSequence(1, { starts: positions(90, 0) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(90, 0), next });
    bench.order({ kind: 'drop', sequenceId: 's0' });
    await bench.readAll(positions(100, 0));
    const sealed = await bench.spill();
    expect(sealed.map(({ sequenceId }) => sequenceId)).toEqual(['s1']);
    expect(await bench.sealedIds(sealed, 's1')).toEqual(range(90, 100));
  });

  it('stops at maxRowsInMemory until it has spilled', async () => {
    bench.produce(0, 100);
    await bench.start({ tuning: limits({ maxRowsInMemory: 40 }) });
    const { report } = await bench.next('progress', (message) => message.report.idle === 'memory');
    expect(report).toMatchObject({ wantsSpill: true });
    expect(report.rowsInMemory).toBeGreaterThanOrEqual(40);
    expect(report.rowsInMemory).toBeLessThan(60);
    for (let round = 0; round < 3; round += 1) await bench.spill();
    await bench.readAll(positions(100, 0));
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 100));
  });

  it('stops at a full segment until the ends are known, counting spilled rows', async () => {
    bench.produce(0, 200);
    await bench.start({ tuning: limits({ maxRowsPerSegment: 100, maxRowsInMemory: 60 }) });
    await bench.next('progress', ({ report }) => report.idle === 'memory');
    await bench.spill();
    const { report } = await bench.next('progress', (message) => message.report.idle === 'full');
    expect(report.largestSegmentRows).toBeGreaterThanOrEqual(100);
    expect(report.largestSegmentRows).toBeLessThan(120);
    const ends = await bench.pause();
    bench.order({ kind: 'ends', sequenceId: 's0', ends, next: aSequence(1, { starts: ends }) });
    await bench.next('sequenceRead');
    await bench.next('progress', (message) => Number(message.report.positions['0']) > Number(ends['0']));
  });

  it('holds when told, and goes on when told', async () => {
    await bench.start();
    bench.order({ kind: 'hold', hold: true });
    bench.produce(0, 10);
    await bench.next('progress', ({ report }) => report.idle === 'memory');
    bench.order({ kind: 'hold', hold: false });
    await bench.readAll(positions(10, 0));
  });

  it('counts rows outside the rejection window of the sequence as thrown away', async () => {
    bench.produce(0, 10);
    const windowMinMs = 1_767_225_600_002;
    const windowMaxMs = 1_767_225_600_006;
    await bench.start({ sequences: [aSequence(0, { windowMinMs, windowMaxMs })] });
    await bench.readAll(positions(10, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual([2, 3, 4, 5, 6]);
    expect(sealed[0]?.counters).toMatchObject({
      records: 10,
      processed: 5,
      thrownAway: 5,
      thrownAwayByReason: { beforeMinimumMessageTime: 2, afterMaximumMessageTime: 3 },
    });
  });

  it('fails beyond maxParseExceptions, naming counts and the first messages', async () => {
    bench.stream.append('0', { value: '{' }, { value: 'no' }, { value: '{}' });
    await bench.start({ tuning: limits({ maxParseExceptions: 1 }) });
    const { error, rowsKept } = await bench.next('failed');
    expect(error.code).toBe('PARSE_LIMIT_EXCEEDED');
    expect(error.message).toMatch(/3 rows.*allows 1; first: partition 0 position 0/);
    expect(rowsKept).toBe(false);
  });

  it('keeps what it read when the stream fails', async () => {
    bench.produce(0, 10);
    await bench.start();
    await bench.readAll(positions(10, 0));
    bench.stream.delete();
    const { error, rowsKept } = await bench.next('failed');
    expect([error.code, rowsKept]).toEqual(['STREAM_NOT_FOUND', true]);
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 10));
  });

  it('keeps what it read when a batch turns out to be damaged in the middle', async () => {
    bench.openSource = (source) => ({
      describe: () => source.describe(),
      positions: (partitions, bound) => source.positions(partitions, bound),
      close: () => source.close(),
      read: (starts) => {
        const reader = source.read(starts);
        const damaged = async (waitMs: number) =>
          (await reader.poll(waitMs)).map((batch) => ({ ...batch, records: damagedAt(batch.records, 15n) }));
        return { poll: damaged, drop: () => undefined, close: () => reader.close() };
      },
    });
    bench.produce(0, 20);
    await bench.start();
    const { error, rowsKept } = await bench.next('failed');
    expect([error.code, rowsKept]).toEqual(['STREAM_CORRUPT', true]);
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(0, 15));
    expect(sealed[0]?.positions).toEqual(positions(15, 0));
  });

  it('does not begin in a stream that was created again', async () => {
    bench.stream.recreate({ partitions: 2 });
    await bench.start();
    const { error } = await bench.next('failed');
    expect(error.code).toBe('STREAM_IDENTITY_CHANGED');
    expect(error.message).toMatch(/memory-2, expected memory-1/);
  });

  it('merges spills and memory into segment files, and tells when', async () => {
    bench.produce(0, 30);
    await bench.start();
    await bench.readAll(positions(30, 0));
    await bench.spill();
    bench.produce(0, 12);
    await bench.readAll(positions(42, 0));
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(42, 0), next: null });
    bench.order({ kind: 'build', sequenceId: 's0', header: {} });
    const { files, counters } = await bench.next('segmentsBuilt');
    expect(files.map(({ rows }) => rows)).toEqual([42]);
    expect(counters.processed).toBe(42);
    // Memory is still there: a checkpoint may be wanted before the commit.
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 42));
  });

  it('tells an empty poll as progress', async () => {
    await bench.start();
    const { report } = await bench.next('progress');
    await bench.next('progress', (message) => message.report.ticks > report.ticks);
  });
});

function limits(changes: Partial<TaskSetup['tuning']>): TaskSetup['tuning'] {
  return {
    maxRowsInMemory: 1_000_000,
    maxBytesInMemory: null,
    maxRowsPerSegment: 5_000_000,
    maxTotalRows: 20_000_000,
    maxParseExceptions: null,
    maxSavedParseExceptions: 0,
    ...changes,
  };
}

function* damagedAt(records: Iterable<SourceRecord>, position: bigint): Generator<SourceRecord> {
  for (const record of records) {
    if (record.position === position) throw new HeadgateError('STREAM_CORRUPT', 'it ends too early');
    yield record;
  }
}
