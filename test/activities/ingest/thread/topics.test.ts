/** A task over partitions of several topics: each record has its own topic, each partition its own identity. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLetter } from '../../../../activities/ingest/dead-letter.ts';
import type { TaskSetup } from '../../../../activities/ingest/protocol.ts';
import { toPosition } from '../../../../domain/positions.ts';
import { MemoryCluster, type MemoryStream } from '../../../../streams/memory-record-source.ts';
import { aSequence, ThreadBench } from './bench.ts';

const pattern = 'clicks-.*';
const both = { 'clicks-eu:0': toPosition(0), 'clicks-us:1': toPosition(0) };
let bench: ThreadBench;
let eu: MemoryStream;
let us: MemoryStream;

beforeEach(async () => {
  bench = await ThreadBench.open();
  const cluster = new MemoryCluster();
  eu = cluster.create('clicks-eu', { partitions: 1 });
  us = cluster.create('clicks-us', { partitions: 2 });
  bench.openSource = () => cluster.openSource(pattern, () => true, { recordsPerBatch: 3 });
});
afterEach(() => bench.close());

function start(changes: Partial<TaskSetup> = {}): Promise<void> {
  return bench.start({
    topic: pattern,
    identities: { 'clicks-eu:0': 'clicks-eu-1', 'clicks-us:1': 'clicks-us-1' },
    partitions: Object.keys(both),
    sequences: [aSequence(0, { starts: both })],
    wantsLetters: true,
    ...changes,
  });
}

function good(stream: MemoryStream, partition: string, ...ids: readonly number[]): void {
  for (const id of ids)
    stream.append(partition, { value: JSON.stringify({ t: 1_767_225_600_000 + id, id }) });
}

describe('a task of a pattern', () => {
  it('reads partitions of several topics into one sequence', async () => {
    good(eu, '0', 1, 2, 3, 4, 5);
    good(us, '0', 100);
    good(us, '1', 11, 12);
    await start();
    await bench.readAll({ 'clicks-eu:0': toPosition(5), 'clicks-us:1': toPosition(2) });
    const sealed = await bench.spill();
    expect(sealed[0]?.positions).toEqual({ 'clicks-eu:0': '5', 'clicks-us:1': '2' });
    expect(await bench.sealedIds(sealed, 's0')).toEqual([1, 2, 3, 4, 5, 11, 12]);
  });

  it('names topic and number of a record that cannot be read', async () => {
    eu.append('0', { value: 'no json' });
    good(us, '1', 1);
    us.append('1', { value: 'none either' });
    await start();
    await bench.readAll({ 'clicks-eu:0': toPosition(1), 'clicks-us:1': toPosition(2) });
    await bench.spill();
    const { localPath, positions } = await bench.next('letters');
    expect(positions).toEqual({ 'clicks-eu:0': '1', 'clicks-us:1': '2' });
    const letters = (await readFile(localPath, 'utf8')).trimEnd().split('\n').map(parseLetter);
    const places = letters.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`);
    expect(places.sort()).toEqual(['clicks-eu 0 0', 'clicks-us 1 1']);
  });

  it('does not begin where one of its topics was created again, and says which', async () => {
    us.recreate({ partitions: 2 });
    await start();
    const { error, rowsKept } = await bench.next('failed');
    expect(rowsKept).toBe(false);
    expect(error).toMatchObject({
      code: 'STREAM_IDENTITY_CHANGED',
      message: expect.stringMatching(/topic clicks-us was created again: found clicks-us-2/),
      details: { partition: 'clicks-us:1', topic: 'clicks-us' },
    });
  });

  it('does not begin where one of its topics is gone', async () => {
    eu.delete();
    await start();
    const { error } = await bench.next('failed');
    expect(error).toMatchObject({ code: 'STREAM_NOT_FOUND', details: { missing: ['clicks-eu:0'] } });
  });

  it('begins where a topic that is none of its own was created again', async () => {
    us.recreate({ partitions: 2 });
    good(eu, '0', 1);
    const starts = { 'clicks-eu:0': toPosition(0) };
    await start({
      identities: { 'clicks-eu:0': 'clicks-eu-1' },
      partitions: Object.keys(starts),
      sequences: [aSequence(0, { starts })],
    });
    await bench.readAll({ 'clicks-eu:0': toPosition(1) });
  });
});
