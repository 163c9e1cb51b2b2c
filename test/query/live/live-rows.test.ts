/** Live rows over HTTP: pieces on disk, who is asked, what is waited for, and what makes an answer stale or incomplete. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveLimits } from '../../../query/live/limits.ts';
import { type LiveAnswer, LiveRows } from '../../../query/live/live-rows.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { LiveSequence, LiveSnapshot, LiveTask } from '../../../storage/live-sequences.ts';
import { waitFor } from '../../support/wait-for.ts';
import { liveSequence, liveSnapshot, liveTask } from './sequences.ts';
import { WorkerStandIn, pieceOf, token } from './worker-stand-in.ts';

let folder = '';
let worker: WorkerStandIn;
let sibling: WorkerStandIn;
let live: LiveRows;
/** What Postgres would say now; null: what the snapshot says. */
let now: readonly LiveSequence[] | null = null;
let asked: readonly LiveSequence[] = [];
let logged: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-live-'));
  [worker, sibling] = await Promise.all([WorkerStandIn.started(), WorkerStandIn.started()]);
  now = null;
  logged = [];
  live = opened();
});

afterEach(async () => {
  live.close();
  await Promise.all([worker.close(), sibling.close()]);
  rmSync(folder, { recursive: true });
});

function opened(limits: Partial<LiveLimits> = {}): LiveRows {
  const log = (_: object, message: string): void => void logged.push(message);
  return new LiveRows({
    folder,
    refresh: async () => now ?? asked,
    log: { warn: log, info: log },
    limits: { freshMs: 0, silenceMs: 10_000, graceMs: 100, pauseMs: 5, sliceMs: 20, ...limits },
  });
}

function at(of: WorkerStandIn, name = 'a', options: Partial<LiveTask> = {}): LiveTask {
  const names = { taskId: `task-${name}`, workerId: `worker-${name}` };
  return liveTask({ ...names, address: of.address, token, ...options });
}

function open(tasks: readonly LiveTask[] = [at(worker)], range = { start: 0 }): LiveSequence {
  return liveSequence(range, { tasks });
}

async function gather(
  snapshot: LiveSnapshot,
  options: { waitMs?: number; final?: boolean } = {},
): Promise<LiveAnswer> {
  asked = snapshot.sequences;
  return live.gather(snapshot, { deadlineMs: Date.now() + 10_000, waitMs: 200, ...options });
}

async function rows(
  snapshot: LiveSnapshot,
  options: { waitMs?: number; final?: boolean } = {},
): Promise<Extract<LiveAnswer, { kind: 'rows' }>> {
  const answer = await gather(snapshot, options);
  if (answer.kind !== 'rows') throw new Error(`stale: ${answer.why}`);
  return answer;
}

function piecesOf(answer: Extract<LiveAnswer, { kind: 'rows' }>): string[] {
  return answer.sequences.flatMap(({ pieces }) => pieces.map(({ id }) => id));
}

const holding = (position: number, ...ids: string[]) => ({
  position,
  pieces: ids.map((id) => pieceOf(id)),
});

describe('pieces', () => {
  it('are here, byte for byte, and only new ones are sent', async () => {
    worker.sequences.set('from-0', holding(10, 'one', 'two'));
    const first = await rows(liveSnapshot([open()], 0));
    expect(first.incomplete).toEqual([]);
    expect(first.sequences).toMatchObject([{ dataSource: 'clicks', sequenceId: 'from-0', rollup: true }]);
    for (const { id, path } of first.sequences[0]?.pieces ?? [])
      expect(readFileSync(path)).toEqual(pieceOf(id).bytes);
    worker.sequences.set('from-0', holding(20, 'one', 'two', 'three'));
    expect(piecesOf(await rows(liveSnapshot([open()], 0)))).toEqual(['one', 'two', 'three']);
    expect(worker.requests.map(({ sequences }) => sequences[0]?.have)).toEqual([[], ['one', 'two']]);
  });

  it('come in several answers when they are many', async () => {
    live.close();
    live = opened({ answerBytesMax: 250 });
    worker.sequences.set('from-0', holding(10, 'one', 'two', 'three', 'four', 'five'));
    expect(piecesOf(await rows(liveSnapshot([open()], 0)))).toHaveLength(5);
    expect(worker.requests).toHaveLength(3);
  });

  it('stay while a query reads them, and go when they are replaced', async () => {
    worker.sequences.set('from-0', holding(10, 'one', 'two'));
    const reading = await rows(liveSnapshot([open()], 0));
    worker.sequences.set('from-0', holding(10, 'merged'));
    (await rows(liveSnapshot([open()], 0))).release();
    for (const { path } of reading.sequences[0]?.pieces ?? []) expect(readFileSync(path)).toHaveLength(100);
    reading.release();
    reading.release();
    await waitFor(() => readdirSync(folder).length === 1, { what: 'the old pieces to go' });
    expect(piecesOf(await rows(liveSnapshot([open()], 0)))).toEqual(['merged']);
  });

  it('never take more of the disk than they may', async () => {
    live.close();
    live = opened({ diskBytesMax: 250 });
    worker.sequences.set('from-0', holding(10, 'one', 'two'));
    const reading = await rows(liveSnapshot([open()], 0));
    worker.sequences.set('from-50', holding(60, 'three'));
    const other = liveSequence({ start: 50 }, { tasks: [at(worker)] });
    await expect(gather(liveSnapshot([other], 50))).rejects.toMatchObject({ code: 'QUERY_LIMIT' });
    reading.release();
    expect(piecesOf(await rows(liveSnapshot([other], 50)))).toEqual(['three']);
    await waitFor(() => readdirSync(folder).length === 2, { what: 'one piece to make room' });
  });

  it('that an earlier process left are removed, and nothing else is', () => {
    live.close();
    writeFileSync(join(folder, 'live-7.parquet'), 'old');
    writeFileSync(join(folder, 'other'), 'kept');
    live = opened();
    expect(readdirSync(folder)).toEqual(['other']);
  });
});

describe('exactly one replica', () => {
  it('is asked, the furthest, with its token and epoch', async () => {
    const said = (position: number) => ({ epoch: '1', positions: { 0: toPosition(position) } });
    worker.sequences.set('from-0', holding(10, 'one'));
    sibling.sequences.set('from-0', holding(20, 'two'));
    const tasks = [at(worker, 'a', { progress: said(8) }), at(sibling, 'b', { progress: said(9) })];
    expect(piecesOf(await rows(liveSnapshot([open(tasks)], 0)))).toEqual(['two']);
    expect(worker.requests).toEqual([]);
    expect(sibling.requests).toMatchObject([{ taskId: 'task-b', epoch: '1' }]);
  });

  it('gives way to the other when it cannot be reached, wants another token, or is silent', async () => {
    sibling.sequences.set('from-0', holding(20, 'two'));
    worker.sequences.set('from-0', 'silent');
    for (const broken of [
      at(worker, 'a', { address: 'http://127.0.0.1:1' }),
      at(worker, 'a', { token: 'wrong' }),
      at(worker, 'a', { address: null }),
      at(worker, 'a', { address: 'file:///etc/passwd' }),
      at(worker, 'a'),
    ]) {
      live.close();
      live = opened({ silenceMs: 300 });
      const answer = await rows(liveSnapshot([open([broken, at(sibling, 'b')])], 0));
      expect([piecesOf(answer), answer.incomplete]).toEqual([['two'], []]);
    }
  });

  it('is named as incomplete when nobody answers, without an error', async () => {
    const broken = at(worker, 'a', { address: 'http://127.0.0.1:1' });
    const answer = await rows(liveSnapshot([open([broken])], 0));
    expect([answer.sequences, answer.incomplete]).toEqual([[], ['clicks/group-0']]);
  });

  it('is not asked at all before any task began', async () => {
    const sequence = liveSequence({ start: 0 }, { tasks: [at(worker, 'a', { attempts: 0 })], began: false });
    const answer = await rows(liveSnapshot([sequence], 0));
    expect([answer.sequences, answer.incomplete, worker.requests]).toEqual([[], [], []]);
  });

  it('that just begins has no rows yet', async () => {
    worker.sequences.set('from-0', 'unknown');
    const answer = await rows(liveSnapshot([open()], 0));
    expect([answer.sequences, answer.incomplete]).toEqual([[], []]);
    const later = open([at(worker, 'a', { attempts: 2 })]);
    expect((await rows(liveSnapshot([later], 0))).incomplete).toEqual(['clicks/group-0']);
  });

  it('is waited for until it has made ready what it said it has read', async () => {
    worker.sequences.set('from-0', holding(3, 'one'));
    worker.onAsk = () => {
      if (worker.requests.length === 3) worker.sequences.set('from-0', holding(10, 'two'));
    };
    const progress = { epoch: '1', positions: { 0: toPosition(9) } };
    const answer = await rows(liveSnapshot([open([at(worker, 'a', { progress })])], 0), { waitMs: 5_000 });
    expect([piecesOf(answer), answer.incomplete]).toEqual([['two'], []]);
    expect(worker.requests[0]?.sequences[0]?.atLeast).toEqual({ 0: '9' });
  });

  it('is found where it runs by now, under the epoch it has by now', async () => {
    worker.sequences.set('from-0', 'epoch');
    sibling.sequences.set('from-0', holding(10, 'moved'));
    now = [open([at(sibling, 'a', { epoch: '2' })])];
    expect(piecesOf(await rows(liveSnapshot([open()], 0)))).toEqual(['moved']);
    expect(sibling.requests).toMatchObject([{ epoch: '2' }]);
  });

  it('serves queries that come at once with one answer, and those that come soon after', async () => {
    live.close();
    live = opened({ freshMs: 60_000 });
    worker.sequences.set('from-0', holding(10, 'one'));
    const snapshot = liveSnapshot([open()], 0);
    const answers = await Promise.all([rows(snapshot), rows(snapshot), rows(snapshot)]);
    for (const answer of [...answers, await rows(snapshot)]) expect(piecesOf(answer)).toEqual(['one']);
    expect(worker.requests).toHaveLength(1);
  });
});

describe('a count that never falls', () => {
  const both = (): LiveTask[] => [at(worker, 'a'), at(sibling, 'b')];

  async function served(position: number, start = 0): Promise<void> {
    worker.sequences.set(`from-${start}`, holding(position, `served-${start}`));
    (await rows(liveSnapshot([open([at(worker)], { start })], start))).release();
  }

  it('waits for the other replica when the furthest one died', async () => {
    await served(10);
    worker.sequences.set('from-0', 'unknown');
    sibling.sequences.set('from-0', holding(9, 'behind'));
    sibling.onAsk = () => {
      if (sibling.requests.length === 4) sibling.sequences.set('from-0', holding(10, 'there'));
    };
    const answer = await rows(liveSnapshot([open(both())], 0), { waitMs: 5_000 });
    expect([piecesOf(answer), answer.incomplete]).toEqual([['there'], []]);
    expect(sibling.requests[0]?.sequences[0]?.atLeast).toEqual({ 0: '10' });
  });

  it('takes what is there after that, says so, and does not wait again until it recovers', async () => {
    live.close();
    live = opened({ waitMs: 200 });
    await served(10);
    worker.sequences.set('from-0', holding(9, 'behind'));
    const short = await rows(liveSnapshot([open()], 0));
    expect([piecesOf(short), short.incomplete]).toEqual([['behind'], ['clicks/group-0']]);
    expect(logged).toEqual(['live rows are incomplete, and not waited for again']);
    const before = worker.requests.length;
    const again = await rows(liveSnapshot([open()], 0), { waitMs: 60_000 });
    expect([again.incomplete, worker.requests.length - before]).toEqual([['clicks/group-0'], 1]);
    worker.sequences.set('from-0', holding(10, 'there'));
    expect((await rows(liveSnapshot([open()], 0))).incomplete).toEqual([]);
    expect(logged).toHaveLength(2);
  });

  it('is stale when the sequence ended before what was served, and says incomplete in the end', async () => {
    await served(180);
    worker.sequences.set('from-0', { ...holding(170, 'ended'), end: 170 });
    const snapshot = liveSnapshot([open()], 0);
    expect(await gather(snapshot, { waitMs: 60_000 })).toMatchObject({ kind: 'stale' });
    const final = await rows(snapshot, { waitMs: 60_000, final: true });
    expect([piecesOf(final), final.incomplete]).toEqual([['ended'], ['clicks/group-0']]);
  });

  it('is stale when the worker has published, or Postgres no longer has the sequence', async () => {
    worker.sequences.set('from-0', 'published');
    const snapshot = liveSnapshot([open()], 0);
    expect(await gather(snapshot)).toMatchObject({ kind: 'stale' });
    expect((await rows(snapshot, { final: true })).incomplete).toEqual(['clicks/group-0']);
    await served(60, 50);
    now = [open()];
    worker.sequences.set('from-50', holding(59, 'behind'));
    const gone = liveSnapshot([open([at(worker)], { start: 50 })], 50);
    expect(await gather(gone, { waitMs: 60_000 })).toMatchObject({ kind: 'stale' });
    expect((await rows(gone, { waitMs: 60_000, final: true })).incomplete).toEqual(['clicks/group-0']);
  });

  it('never uses rows beyond the ends of the snapshot', async () => {
    worker.sequences.set('from-0', holding(11, 'beyond'));
    sibling.sequences.set('from-0', holding(10, 'within'));
    const ended = liveSequence({ start: 0, end: 10 }, { tasks: both() });
    expect(piecesOf(await rows(liveSnapshot([ended], 0)))).toEqual(['within']);
    const alone = liveSequence({ start: 0, end: 10 }, { tasks: [at(worker)] });
    const answer = await rows(liveSnapshot([alone], 0));
    expect([answer.sequences, answer.incomplete]).toEqual([[], ['clicks/group-0']]);
  });

  it('is stale when another query has seen a newer snapshot', async () => {
    worker.sequences.set('from-0', holding(10, 'one'));
    await rows(liveSnapshot([], 10));
    const old = liveSnapshot([open()], 0);
    expect(await gather(old)).toMatchObject({ kind: 'stale' });
    expect((await rows(old, { final: true })).incomplete).toEqual(['clicks/group-0']);
    expect((await rows(liveSnapshot([], 0), { final: true })).incomplete).toEqual(['clicks']);
  });

  it('keeps what it owes when a newer snapshot comes while it is under way', async () => {
    await served(10);
    worker.sequences.set('from-0', holding(9, 'behind'));
    worker.onAsk = async () => {
      worker.onAsk = () => undefined;
      await live.gather(liveSnapshot([], 10), { deadlineMs: Date.now() + 10_000 });
    };
    const answer = await rows(liveSnapshot([open()], 0));
    expect(answer.incomplete).toEqual(['clicks/group-0']);
  });

  it('waits for rows of a discarded sequence to be read again, then says that they are missing', async () => {
    await served(10);
    const nothing = liveSnapshot([], 0);
    expect(await gather(nothing)).toMatchObject({ kind: 'stale' });
    expect((await rows(nothing, { final: true })).incomplete).toEqual(['clicks/group-0']);
    expect((await rows(nothing)).incomplete).toEqual(['clicks/group-0']);
    expect((await rows(liveSnapshot([open()], 0))).incomplete).toEqual([]);
  });
});

it('stops at once when it is closed', async () => {
  worker.sequences.set('from-0', 'silent');
  live.close();
  live = opened({ silenceMs: 60_000 });
  const answer = gather(liveSnapshot([open()], 0), { waitMs: 60_000 });
  await waitFor(() => worker.requests.length === 1, { what: 'the question' });
  live.close();
  expect(await answer).toMatchObject({ kind: 'rows', incomplete: ['clicks/group-0'] });
});

it('does not outlive the deadline of its query', async () => {
  worker.sequences.set('from-0', 'silent');
  live.close();
  live = opened({ silenceMs: 60_000 });
  const answer = await live.gather(liveSnapshot([open()], 0), { deadlineMs: Date.now() + 100 });
  expect(answer).toMatchObject({ kind: 'rows', incomplete: ['clicks/group-0'] });
});
