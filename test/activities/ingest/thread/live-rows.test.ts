/** Live rows of a task: all rows below the positions that are told, each once, whatever happens to them meanwhile. */
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeldPiece, HeldRows } from '../../../../activities/ingest/protocol.ts';
import { manyPieces } from '../../../../activities/ingest/thread/piece-compaction.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { aSequence, positions, range, ThreadBench } from './bench.ts';
import { rolledUp, rowsOf, union } from './piece-rows.ts';

async function idsOf(held: HeldRows | null): Promise<number[]> {
  const pieces = held?.pieces ?? [];
  if (pieces.length === 0) return [];
  const rows = await rowsOf(`select id from ${union(pieces.map(({ localPath }) => localPath))} order by id`);
  return rows.map(([id]) => Number(id));
}

function ids(pieces: readonly HeldPiece[] = []): string[] {
  return pieces.map(({ id }) => id);
}

describe('live rows of a task', () => {
  let bench: ThreadBench;

  beforeEach(async () => {
    bench = await ThreadBench.open();
  });

  afterEach(async () => {
    await bench.close();
  });

  it('are the rows in memory, with the positions below which all of them lie', async () => {
    bench.produce(0, 70);
    bench.produce(1, 30);
    await bench.start();
    await bench.readAll(positions(70, 30));
    const { held } = await bench.live('s0');
    expect(held).toMatchObject({ positions: positions(70, 30), ends: null, rollup: false });
    expect(await idsOf(held)).toEqual([...range(0, 70), ...range(1_000, 1_030)]);
    expect(held?.pieces[0]).toMatchObject({ rows: 100, wide: false });
    expect(held?.pieces[0]?.columns).toEqual([
      { name: '__time', field: '__time', type: 'TIMESTAMP WITH TIME ZONE', role: 'time', merge: null },
      { name: 'id', field: 'id', type: 'BIGINT', role: 'dimension', merge: null },
    ]);
  });

  it('leave nothing behind while nobody asks', async () => {
    bench.produce(0, 50);
    await bench.start();
    await bench.readAll(positions(50, 0));
    const sealed = await bench.spill();
    expect(sealed[0]?.files).toHaveLength(1);
    expect(await readdir(bench.folder)).toEqual(['1.spill']);
  });

  it('are told again with the same pieces, and only new rows make a new one', async () => {
    bench.produce(0, 20);
    await bench.start();
    await bench.readAll(positions(20, 0));
    const first = await bench.live('s0');
    const again = await bench.live('s0');
    expect(ids(again.held?.pieces)).toEqual(ids(first.held?.pieces));
    bench.produce(0, 15);
    const third = await bench.live('s0', { atLeast: positions(35, 0) });
    expect(ids(third.held?.pieces).slice(0, 1)).toEqual(ids(first.held?.pieces));
    expect(await idsOf(third.held)).toEqual(range(0, 35));
  });

  it('wait for the rows that are wanted', async () => {
    bench.produce(0, 10);
    await bench.start();
    await bench.readAll(positions(10, 0));
    const asked = bench.live('s0', { atLeast: positions(40, 5) });
    bench.produce(0, 30);
    bench.produce(1, 5);
    const { held } = await asked;
    expect(held?.positions).toEqual(positions(40, 5));
    expect(await idsOf(held)).toEqual([...range(0, 40), ...range(1_000, 1_005)]);
  });

  it('are what there is when the wanted rows do not come in time', async () => {
    bench.produce(0, 10);
    await bench.start();
    await bench.readAll(positions(10, 0));
    await bench.live('s0');
    const { held } = await bench.live('s0', { atLeast: positions(11, 0), waitMs: 30 });
    expect(held?.positions).toEqual(positions(10, 0));
    expect(await idsOf(held)).toEqual(range(0, 10));
  });

  it('of a sequence that is not here are null', async () => {
    await bench.start();
    expect((await bench.live('other')).held).toBeNull();
  });

  it('of an empty sequence are no pieces', async () => {
    await bench.start();
    expect((await bench.live('s0')).held).toEqual({
      positions: positions(0, 0),
      ends: null,
      rollup: false,
      pieces: [],
    });
  });

  it('include what an adopted checkpoint and later spills hold', async () => {
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
    await bench.spill();
    bench.produce(0, 5);
    const { held } = await bench.live('s0', { atLeast: positions(80, 0) });
    expect(held?.positions).toEqual(positions(80, 0));
    expect(await idsOf(held)).toEqual(range(0, 80));
  });

  it('do not outlive a rewind', async () => {
    bench.produce(0, 30);
    await bench.start();
    await bench.readAll(positions(30, 0));
    await bench.live('s0');
    await bench.spill();
    bench.produce(0, 70);
    await bench.readAll(positions(100, 0));
    const before = await bench.live('s0', { atLeast: positions(100, 0) });
    expect(await idsOf(before.held)).toEqual(range(0, 100));
    const next = aSequence(1, { starts: positions(45, 0) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(45, 0), next });
    const after = await bench.live('s0', { atLeast: positions(45, 0) });
    expect(after.held).toMatchObject({ positions: positions(45, 0), ends: positions(45, 0) });
    expect(await idsOf(after.held)).toEqual(range(0, 45));
    const following = await bench.live('s1', { atLeast: positions(100, 0) });
    expect(await idsOf(following.held)).toEqual(range(45, 100));
  });

  it('are gone, files too, once the sequence is dropped', async () => {
    bench.produce(0, 40);
    await bench.start();
    await bench.readAll(positions(40, 0));
    const { requestNo, held } = await bench.live('s0');
    bench.order({
      kind: 'ends',
      sequenceId: 's0',
      ends: positions(40, 0),
      next: aSequence(1, { starts: positions(40, 0) }),
    });
    bench.order({ kind: 'drop', sequenceId: 's0' });
    expect((await bench.live('s0')).held).toBeNull();
    const path = held?.pieces[0]?.localPath ?? '';
    expect(existsSync(path)).toBe(true);
    bench.order({ kind: 'liveSent', requestNo });
    await waitFor(() => !existsSync(path), { what: 'the removal of a piece', everyMs: 5 });
  });

  it('keep the rows counted as memory until they are in a file', async () => {
    bench.produce(0, 100);
    await bench.start();
    await bench.readAll(positions(100, 0));
    await bench.live('s0');
    bench.said.length = 0;
    const { report } = await bench.next('progress');
    expect(report.rowsInMemory).toBe(100);
    expect(report.bytesInMemory).toBeGreaterThan(100 * 200);
    expect(report.totalRows).toBe(100);
    await bench.spill();
    bench.said.length = 0;
    const after = await bench.next('progress', (message) => message.report.rowsInMemory === 0);
    expect(after.report).toMatchObject({ bytesInMemory: 0, totalRows: 100 });
  });

  it('are refused with the reason when pieces cannot be written, and the task goes on', async () => {
    const inTheWay = join(bench.folder, 'live');
    await writeFile(inTheWay, 'no folder');
    bench.produce(0, 20);
    await bench.start();
    await bench.readAll(positions(20, 0));
    const { held, trouble } = await bench.live('s0');
    expect([held, trouble]).toEqual([null, expect.stringMatching(/EEXIST|ENOTDIR/)]);
    await rm(inTheWay);
    bench.produce(0, 10);
    const again = await bench.live('s0', { atLeast: positions(30, 0) });
    expect(await idsOf(again.held)).toEqual(range(0, 30));
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 30));
  });

  it('count against maxRowsInMemory as before', async () => {
    const tuning = {
      maxRowsInMemory: 40,
      maxBytesInMemory: null,
      maxRowsPerSegment: 5_000_000,
      maxTotalRows: 20_000_000,
      maxParseExceptions: null,
      maxSavedParseExceptions: 0,
    };
    bench.produce(0, 30);
    await bench.start({ tuning });
    await bench.live('s0', { atLeast: positions(30, 0) });
    bench.produce(0, 200);
    const { report } = await bench.next('progress', (message) => message.report.idle === 'memory');
    expect(report).toMatchObject({ wantsSpill: true });
    expect(report.rowsInMemory).toBeLessThan(60);
  });

  it('become few pieces while rows come', async () => {
    await bench.start();
    for (let round = 1; round <= 14; round += 1) {
      bench.produce(0, 10);
      const { requestNo } = await bench.live('s0', { atLeast: positions(10 * round, 0) });
      bench.order({ kind: 'liveSent', requestNo });
    }
    const held = await waitFor(
      async () => {
        const answer = await bench.live('s0');
        bench.order({ kind: 'liveSent', requestNo: answer.requestNo });
        return (answer.held?.pieces.length ?? 99) <= 8 ? answer.held : null;
      },
      { what: 'few pieces', everyMs: 10 },
    );
    expect(await idsOf(held)).toEqual(range(0, 140));
    const files = await waitFor(
      async () => {
        const there = await readdir(join(bench.folder, 'live'));
        return there.length <= 8 ? there : null;
      },
      { what: 'replaced pieces to go', everyMs: 10 },
    );
    expect(files.length).toBeGreaterThan(0);
  });

  it('become one piece at rest', async () => {
    await bench.start();
    for (const until of [10, 20, 30]) {
      bench.produce(0, 10);
      await bench.live('s0', { atLeast: positions(until, 0) });
    }
    const held = await waitFor(
      async () => {
        const answer = await bench.live('s0');
        return answer.held?.pieces.length === 1 ? answer.held : null;
      },
      { what: 'one piece', everyMs: 100 },
    );
    expect(await idsOf(held)).toEqual(range(0, 30));
    expect(held.positions).toEqual(positions(30, 0));
  });
});

it('wide pieces become few too, and add up to the same', async () => {
  const bench = await ThreadBench.open();
  try {
    await bench.start({ schema: rolledUp });
    for (let round = 1; round <= 14; round += 1) {
      for (let sent = 0; sent < 2; sent += 1)
        bench.stream.append('0', { value: JSON.stringify({ t: 0, site: 'a', v: Number.MAX_SAFE_INTEGER }) });
      const { requestNo } = await bench.live('s0', { atLeast: positions(2 * round, 0) });
      bench.order({ kind: 'liveSent', requestNo });
    }
    const held = await waitFor(
      async () => {
        const { held } = await bench.live('s0');
        return (held?.pieces.length ?? 99) <= manyPieces ? held : null;
      },
      { what: 'few pieces', everyMs: 10, timeoutMs: 5_000 },
    );
    expect(held.pieces.every(({ wide }) => wide)).toBe(true);
    const paths = held.pieces.map(({ localPath }) => localPath);
    expect(await rowsOf(`select sum(n)::int, sum(sum)::varchar from ${union(paths)}`)).toEqual([
      [28, String(28n * BigInt(Number.MAX_SAFE_INTEGER))],
    ]);
  } finally {
    await bench.close();
  }
});
