/** What a task's live rows leave behind, and whom trouble with them reaches. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeldRows } from '../../../../activities/ingest/protocol.ts';
import { LiveRows } from '../../../../activities/ingest/thread/live-rows.ts';
import { LiveWork } from '../../../../activities/ingest/thread/live-work.ts';
import { manyPieces } from '../../../../activities/ingest/thread/piece-compaction.ts';
import { ThreadSequence } from '../../../../activities/ingest/thread/thread-sequence.ts';
import { aRow } from '../../../segments/support.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { aSequence, schema } from './bench.ts';

type Answer = readonly [requestNo: number, held: HeldRows | null, trouble: string | null];

describe('live rows', () => {
  let scratch: string;
  let folder: string;
  let live: LiveRows;
  let sequence: ThreadSequence | undefined;
  let nowMs = 0;
  let wakes = 0;
  let asked = 0;
  let position = 0n;
  let positionsIn: () => Map<string, bigint>;
  const answers: Answer[] = [];

  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'headgate-live-work-'));
    folder = join(scratch, 'live');
    answers.length = 0;
    position = 0n;
    sequence = new ThreadSequence(aSequence(0), schema);
    positionsIn = () => new Map([['0', position]]);
    live = new LiveRows({
      schema,
      folder,
      now: () => nowMs,
      wake: () => (wakes += 1),
      find: () => sequence,
      positionsIn: () => positionsIn(),
      answer: (...answer) => answers.push(answer),
    });
  });

  afterEach(async () => {
    await live.close();
    await rm(scratch, { recursive: true, force: true });
  });

  function ask(): void {
    asked += 1;
    live.ask({ kind: 'live', taskKey: 1, requestNo: asked, sequenceId: 's0', atLeast: null, waitMs: 60_000 });
  }

  /** Looks and works as a thread does, until the newest request is answered. */
  async function answered(): Promise<Answer> {
    return waitFor(
      () => {
        live.look();
        live.ready?.advance(() => false);
        return answers.find(([requestNo]) => requestNo === asked);
      },
      { what: 'an answer', everyMs: 1 },
    );
  }

  async function onePieceMore({ isSent = true } = {}): Promise<void> {
    nowMs += 1_000;
    position += 1n;
    sequence?.index.add(aRow({ timestampMs: 0, dimensions: [Number(position)], metrics: [] }));
    ask();
    await answered();
    if (isSent) live.sent(asked);
  }

  async function pieceFiles(): Promise<string[]> {
    return (await readdir(folder)).filter((name) => name.endsWith('.parquet'));
  }

  it('answer with the reason when the look itself throws, and begin anew with the next request', async () => {
    await onePieceMore();
    const before = positionsIn;
    positionsIn = () => {
      throw new Error('no positions');
    };
    nowMs += 1_000;
    ask();
    expect(() => live.look()).not.toThrow();
    expect(answers.at(-1)).toEqual([asked, null, 'no positions']);
    expect(sequence?.live.isOn).toBe(false);
    positionsIn = before;
    ask();
    const [, held] = await answered();
    expect(held?.positions).toEqual({ '0': '1' });
  });

  it('answer also when nothing can be found out about the sequence, or nothing be posted', () => {
    live = new LiveRows({
      schema,
      folder,
      now: () => nowMs,
      wake: () => undefined,
      find: () => {
        throw new Error('no sequences');
      },
      positionsIn,
      answer: (...answer) => {
        answers.push(answer);
        throw new Error('not to be posted');
      },
    });
    ask();
    ask();
    expect(() => live.look()).not.toThrow();
    expect(answers).toEqual([
      [asked - 1, null, 'no sequences'],
      [asked, null, 'no sequences'],
    ]);
  });

  it('leave no file of a sequence that is dropped while its pieces are merged', async () => {
    for (let made = 0; made <= manyPieces; made += 1) await onePieceMore({ isSent: made < manyPieces });
    // Their merge has just begun, and finds them: they are still being sent.
    const seen = wakes;
    const dropped = sequence;
    sequence = undefined;
    if (dropped !== undefined) live.drop(dropped);
    expect(wakes).toBe(seen);
    await waitFor(() => wakes > seen, { what: 'the end of the merge', everyMs: 1 });
    expect(await pieceFiles()).toHaveLength(manyPieces + 2);
    live.look();
    const files = async (left: number): Promise<boolean> => (await pieceFiles()).length === left;
    const bounds = { everyMs: 5, timeoutMs: 2_000 };
    await waitFor(() => files(manyPieces + 1), { what: 'the removal of the merged piece', ...bounds });
    live.sent(asked);
    await waitFor(() => files(0), { what: 'the removal of all pieces', ...bounds });
  });

  it('bear a folder that cannot be removed', async () => {
    const inTheWay = join(scratch, 'no folder');
    await writeFile(inTheWay, '');
    const work = new LiveWork({ schema, folder: join(inTheWay, 'live'), wake: () => undefined });
    await expect(work.close()).resolves.toBeUndefined();
    expect(existsSync(inTheWay)).toBe(true);
  });
});
