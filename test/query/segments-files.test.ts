/** A query reads what was published or has no answer: files in place, and copies of files from elsewhere. */
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HeadgateError } from '../../domain/errors.ts';
import { digestOf } from '../../query/segment-files/file-digest.ts';
import type { PublishedFile } from '../../query/segment-files/file-problem.ts';
import { SegmentFiles } from '../../query/segment-files/segment-files.ts';
import { severalAtOnce } from '../../query/segment-files/several-at-once.ts';
import { waitFor } from '../support/wait-for.ts';
import { CountingStorage, makeSegmentWorld } from './segments-world.ts';
import type { SegmentWorld } from './segments-world.ts';

// Counted, not replaced: whether a file was read again does not show in the answer.
vi.mock(import('../../query/segment-files/file-digest.ts'), async (original) => {
  const real = await original();
  return { ...real, digestOf: vi.fn(real.digestOf) };
});
const timesRead = (): number => vi.mocked(digestOf).mock.calls.length;

let world: SegmentWorld;
let storage: CountingStorage;
beforeEach(() => {
  vi.mocked(digestOf).mockClear();
  world = makeSegmentWorld();
  storage = new CountingStorage(world);
});
afterEach(() => world.remove());

const copies = (): string => join(world.folder, 'copies');

function filesOf(options: {
  isLocal: boolean;
  bytesMax?: number;
  onCorrupt?: (id: string, why: string) => void;
}) {
  return new SegmentFiles({
    storage: storage.storage,
    folder: copies(),
    cacheBytesMax: options.bytesMax ?? 1_000,
    isLocal: options.isLocal,
    ...(options.onCorrupt === undefined ? {} : { onCorrupt: options.onCorrupt }),
  });
}

async function failureOf(action: Promise<unknown>): Promise<HeadgateError> {
  const error = await action.then(
    () => new Error('it worked'),
    (caught: unknown) => caught,
  );
  if (error instanceof HeadgateError) return error;
  throw error;
}

/** Same size, other bytes, and a time that is not that of the first writing. */
function overwrite(path: string, content: string): void {
  writeFileSync(path, content);
  utimesSync(path, 1, 1);
}

const pathOf = (file: PublishedFile): string => world.locate(file.path);

describe.each([true, false])('files of a deep storage, local: %s', (isLocal) => {
  it('are opened by segment id, each with the bytes published', async () => {
    const [a, b] = [world.publish('aaa'), world.publish('bbb')];
    const { paths, release } = await filesOf({ isLocal }).open([a, b]);
    expect([...paths.keys()]).toEqual([a.segmentId, b.segmentId]);
    for (const path of paths.values()) expect(existsSync(path)).toBe(true);
    release();
  });

  it.each([
    [
      'has other bytes',
      (path: string) => writeFileSync(path, 'aax'),
      /its SHA-256 is [0-9a-f]{64}, expected/,
    ],
    ['is short', (path: string) => writeFileSync(path, 'aa'), /it has 2 bytes, expected 3/],
    ['is missing', (path: string) => rmSync(path), /it is missing/],
  ])('a file that %s is named without its folder, and nothing is answered', async (_, harm, expected) => {
    const [good, bad] = [world.publish('good'), world.publish('aaa', 'bad.parquet')];
    harm(pathOf(bad));
    const told: string[] = [];
    const files = filesOf({ isLocal, onCorrupt: (id) => told.push(id) });
    const error = await failureOf(files.open([good, bad]));
    expect(error.code).toBe('SEGMENT_CORRUPT');
    expect(error.message).toMatch(expected);
    expect(error.message).toContain('data source wiki, segment wiki_bad.parquet: file bad.parquet');
    expect(JSON.stringify([error.message, error.details])).not.toContain(world.folder);
    expect(told).toEqual([bad.segmentId]);
    if (!isLocal) expect(readdirSync(copies())).toEqual([`${good.sha256}.parquet`]);
  });

  it('a file put right is used again', async () => {
    const file = world.publish('aaa');
    const files = filesOf({ isLocal });
    overwrite(pathOf(file), 'aax');
    await failureOf(files.open([file]));
    overwrite(pathOf(file), 'aaa');
    expect((await files.open([file])).paths.size).toBe(1);
  });
});

describe('files in place', () => {
  it('are compared again when the file system says they changed', async () => {
    const file = world.publish('aaa');
    const files = filesOf({ isLocal: true });
    await files.open([file]);
    overwrite(pathOf(file), 'aax');
    expect((await failureOf(files.open([file]))).message).toContain('its SHA-256 is');
  });

  it('are read once, also by queries that ask at the same time', async () => {
    const file = world.publish('aaa');
    const files = filesOf({ isLocal: true });
    await Promise.all([files.open([file]), files.open([file]), files.open([file])]);
    await files.open([file]);
    expect(timesRead()).toBe(1);
  });

  it('are read again when a check has found them corrupt: bytes rot without a trace', async () => {
    const file = world.publish('aaa');
    const files = filesOf({ isLocal: true });
    await files.open([file]);
    await files.open([{ ...file, problem: 'it rots' }]);
    expect(timesRead()).toBe(2);
  });

  it('are missing when they went after their first use', async () => {
    const file = world.publish('aaa');
    const files = filesOf({ isLocal: true });
    await files.open([file]);
    rmSync(pathOf(file));
    expect((await failureOf(files.open([file]))).message).toContain('it is missing');
  });

  it('an error that is no finding may pass: STORAGE_UNAVAILABLE, without the folder', async () => {
    const file = world.publish('aaa');
    rmSync(pathOf(file));
    mkdirSync(pathOf(file));
    const error = await failureOf(filesOf({ isLocal: true }).open([file]));
    expect(error.code).toBe('STORAGE_UNAVAILABLE');
    expect(error.message).toMatch(/file \S+ cannot be read \(EISDIR\)/);
    expect(error.message).not.toContain(world.folder);
  });
});

describe('copies of files from elsewhere', () => {
  it('are fetched once, also for queries that ask at the same time', async () => {
    const file = world.publish('aaa');
    const files = filesOf({ isLocal: false });
    const opened = await Promise.all([files.open([file]), files.open([file]), files.open([file, file])]);
    for (const { release } of opened) release();
    (await files.open([file])).release();
    expect(storage.fetched).toEqual([file.path]);
  });

  it('never exceed the bound: the least recently used go, those in use stay', async () => {
    const [a, b, c] = [
      world.publish('a'.repeat(40)),
      world.publish('b'.repeat(40)),
      world.publish('c'.repeat(40)),
    ];
    const files = filesOf({ isLocal: false, bytesMax: 100 });
    const held = await files.open([a]);
    (await files.open([b])).release();
    (await files.open([c])).release();
    expect(readdirSync(copies()).sort()).toEqual([`${a.sha256}.parquet`, `${c.sha256}.parquet`].sort());
    held.release();
    (await files.open([c])).release();
    (await files.open([b])).release();
    expect(readdirSync(copies()).sort()).toEqual([`${b.sha256}.parquet`, `${c.sha256}.parquet`].sort());
    expect(storage.fetched).toHaveLength(4);
  });

  it('a query that needs more than the bound is told so, and fetches nothing', async () => {
    const [a, b] = [world.publish('a'.repeat(60)), world.publish('b'.repeat(60))];
    const error = await failureOf(filesOf({ isLocal: false, bytesMax: 100 }).open([a, b]));
    expect(error.code).toBe('QUERY_LIMIT');
    expect(error.message).toContain('2 segment files of 120 bytes, the local cache holds 100');
    expect(storage.fetched).toEqual([]);
  });

  it('a query that finds the room in use is told so, and what is in use stays', async () => {
    const [a, b] = [world.publish('a'.repeat(60)), world.publish('b'.repeat(60))];
    const files = filesOf({ isLocal: false, bytesMax: 100 });
    const held = await files.open([a]);
    const error = await failureOf(files.open([b]));
    expect(error.code).toBe('QUERY_LIMIT');
    expect(error.message).toContain('other queries use 60 of them now');
    expect(existsSync(held.paths.get(a.segmentId) ?? '')).toBe(true);
    held.release();
    held.release();
    (await files.open([b])).release();
    expect(readdirSync(copies())).toEqual([`${b.sha256}.parquet`]);
  });

  it('a fetch that fails leaves nothing behind and is tried again', async () => {
    const [a, b] = [world.publish('a'.repeat(60)), world.publish('b'.repeat(60))];
    const files = filesOf({ isLocal: false, bytesMax: 100 });
    storage.failing = new HeadgateError('STORAGE_UNAVAILABLE', `no way to ${world.folder}`);
    const error = await failureOf(files.open([a]));
    expect(error.code).toBe('STORAGE_UNAVAILABLE');
    expect(error.message).not.toContain(world.folder);
    storage.failing = null;
    expect(readdirSync(copies())).toEqual([]);
    (await files.open([b])).release();
    (await files.open([a])).release();
  });

  it('a query that fails gives back the room of the files it waited for', async () => {
    const [slow, bad] = [world.publish('a'.repeat(50)), world.publish('b'.repeat(50))];
    rmSync(pathOf(bad));
    const files = filesOf({ isLocal: false, bytesMax: 100 });
    let open = (): void => undefined;
    storage.gate = new Promise((resolve) => (open = resolve));
    const failing = failureOf(files.open([slow, bad]));
    await waitFor(() => storage.fetched.length === 2, { what: 'both fetches' });
    open();
    expect((await failing).code).toBe('SEGMENT_CORRUPT');
    const other = world.publish('c'.repeat(100));
    (await files.open([other])).release();
    expect(readdirSync(copies())).toEqual([`${other.sha256}.parquet`]);
  });

  it('of a process that was killed: whole ones are used, broken ones fetched again, the rest removed', async () => {
    const [whole, broken, short] = [world.publish('aaa'), world.publish('bbb'), world.publish('ccc')];
    mkdirSync(copies());
    writeFileSync(join(copies(), `${whole.sha256}.parquet`), 'aaa');
    writeFileSync(join(copies(), `${broken.sha256}.parquet`), 'bbx');
    writeFileSync(join(copies(), `${short.sha256}.parquet`), 'c');
    writeFileSync(join(copies(), `${short.sha256}.parquet.part`), 'c');
    writeFileSync(join(copies(), 'notes.txt'), 'x');
    const opened = await filesOf({ isLocal: false }).open([whole, broken, short]);
    expect(storage.fetched.sort()).toEqual([broken.path, short.path].sort());
    expect(readdirSync(copies()).sort()).toEqual(
      [whole, broken, short].map((it) => `${it.sha256}.parquet`).sort(),
    );
    opened.release();
  });

  it('left behind half fetched count whole once they are', async () => {
    const [half, other] = [world.publish('a'.repeat(60)), world.publish('b'.repeat(60))];
    mkdirSync(copies());
    writeFileSync(join(copies(), `${half.sha256}.parquet`), 'a');
    const files = filesOf({ isLocal: false, bytesMax: 100 });
    (await files.open([half])).release();
    (await files.open([other])).release();
    expect(readdirSync(copies())).toEqual([`${other.sha256}.parquet`]);
  });

  it('left behind beyond the bound: the oldest go', async () => {
    const [old, young] = [world.publish('a'.repeat(60)), world.publish('b'.repeat(60))];
    mkdirSync(copies());
    writeFileSync(join(copies(), `${young.sha256}.parquet`), 'b'.repeat(60));
    writeFileSync(join(copies(), `${old.sha256}.parquet`), 'a'.repeat(60));
    utimesSync(join(copies(), `${old.sha256}.parquet`), 1, 1);
    const files = filesOf({ isLocal: false, bytesMax: 100 });
    (await files.open([])).release();
    expect(readdirSync(copies())).toEqual([`${young.sha256}.parquet`]);
  });

  it('that somebody changed or removed are fetched again', async () => {
    const file = world.publish('aaa');
    const files = filesOf({ isLocal: false });
    (await files.open([file])).release();
    overwrite(join(copies(), `${file.sha256}.parquet`), 'aax');
    (await files.open([file])).release();
    rmSync(join(copies(), `${file.sha256}.parquet`));
    (await files.open([file])).release();
    expect(storage.fetched).toHaveLength(3);
  });
});

describe('several at once', () => {
  it('keeps to the bound and begins nothing after a failure', async () => {
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    const failing = severalAtOnce([0, 1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      begun.push(item);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (item === 2) throw new Error('two');
    });
    await expect(failing).rejects.toThrow('two');
    expect(most).toBe(3);
    expect(begun.length).toBeLessThan(7);
    expect(running).toBe(0);
  });
});
