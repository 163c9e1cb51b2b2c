/** Which attempt answers for which sequence, and what is said when none does. */
import { describe, expect, it, vi } from 'vitest';
import { filesPerAnswer, LiveBoard } from '../../../activities/ingest/live-board.ts';
import type { LiveAttempt, LiveReply, LiveRequest } from '../../../activities/ingest/live-board.ts';
import type { HeldRows } from '../../../activities/ingest/protocol.ts';
import { SequenceBook } from '../../../activities/ingest/sequence-book.ts';
import type { LiveAnswer } from '../../../activities/ingest/task-channel.ts';
import { toPosition } from '../../../domain/positions.ts';
import type { SequenceRow } from '../../../storage/generations.ts';

function row(sequenceId: string): SequenceRow {
  return {
    sequenceId,
    ordinal: 0,
    state: 'open',
    starts: {},
    ends: null,
    final: false,
  } as unknown as SequenceRow;
}

function held(...pieces: [string, number][]): HeldRows {
  return {
    positions: { '0': toPosition(7) },
    ends: null,
    rollup: true,
    pieces: pieces.map(([id, bytes]) => ({
      id,
      localPath: `/${id}`,
      rows: 1,
      bytes,
      wide: false,
      columns: [],
    })),
  };
}

function question(changes: Partial<LiveRequest> = {}): LiveRequest {
  const sequences = [{ sequenceId: 's', atLeast: null, have: [] }];
  return { taskId: 't', epoch: '3', sequences, waitMs: 40, maxBytes: 1_000, ...changes };
}

class FakeAttempt implements LiveAttempt {
  readonly epoch = '3';
  readonly book = new SequenceBook();
  readonly sent: number[] = [];
  readonly warnings: string[] = [];
  readonly board = new LiveBoard((message) => this.warnings.push(message));
  readonly leave: () => void;
  started: Promise<void> = Promise.resolve();
  answer: () => Promise<LiveAnswer> = async () => ({ requestNo: 1, held: held(['a', 10]), trouble: null });
  readonly channel = {
    live: () => this.answer(),
    liveSent: (requestNo: number) => void this.sent.push(requestNo),
  };

  constructor() {
    this.book.add(row('s'));
    this.leave = this.board.enter('t', this);
  }

  async states(changes: Partial<LiveRequest> = {}): Promise<unknown[]> {
    const { sequences, release } = await this.board.ask(question(changes));
    release();
    return sequences.map((one) => (one.state === 'refused' ? one.reason : one.state));
  }
}

describe('the board of running attempts', () => {
  it('answers for a sequence that is held, and keeps the files until released', async () => {
    const attempt = new FakeAttempt();
    const reply = await attempt.board.ask(question());
    expect(reply.sequences).toEqual([
      {
        sequenceId: 's',
        state: 'held',
        positions: { '0': '7' },
        ends: null,
        rollup: true,
        pieces: [{ id: 'a', rows: 1, bytes: 10, wide: false, columns: [] }],
        sent: ['a'],
      },
    ]);
    expect(reply.files).toEqual([{ localPath: '/a', bytes: 10 }]);
    expect(attempt.sent).toEqual([]);
    reply.release();
    expect(attempt.sent).toEqual([1]);
  });

  it('sends what the asker has not, within the bytes he wants, and one piece at least', async () => {
    const attempt = new FakeAttempt();
    attempt.answer = async () => ({
      requestNo: 1,
      held: held(['a', 900], ['b', 900], ['c', 50]),
      trouble: null,
    });
    const sentFor = async (have: string[], maxBytes: number): Promise<unknown> => {
      const { sequences } = await attempt.board.ask(
        question({ sequences: [{ sequenceId: 's', atLeast: null, have }], maxBytes }),
      );
      return sequences[0]?.state === 'held' ? sequences[0].sent : null;
    };
    expect(await sentFor([], 1_000)).toEqual(['a', 'c']);
    expect(await sentFor(['a'], 1_000)).toEqual(['b', 'c']);
    expect(await sentFor([], 1)).toEqual(['a']);
    expect(await sentFor(['a', 'b', 'c'], 1)).toEqual([]);
  });

  it('sends so many files at once, over all sequences, and the rest when asked again', async () => {
    const attempt = new FakeAttempt();
    attempt.book.add(row('r'));
    const names = Array.from({ length: filesPerAnswer + 8 }, (_, at) => `p${at}`);
    attempt.answer = async () => ({
      requestNo: 1,
      held: held(...names.map((name): [string, number] => [name, 1])),
      trouble: null,
    });
    const reply = async (have: string[]): Promise<LiveReply> => {
      const sequences = ['s', 'r'].map((sequenceId) => ({ sequenceId, atLeast: null, have }));
      return attempt.board.ask(question({ sequences }));
    };
    const first = await reply([]);
    expect(first.files).toHaveLength(filesPerAnswer);
    expect(first.sequences).toMatchObject([
      { sent: names.slice(0, filesPerAnswer) },
      { pieces: { length: names.length }, sent: [] },
    ]);
    const second = await reply(names.slice(0, filesPerAnswer));
    expect(second.sequences).toMatchObject(
      ['s', 'r'].map((sequenceId) => ({ sequenceId, sent: names.slice(filesPerAnswer) })),
    );
  });

  it('lets go of what a thread that hung answers in the end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const attempt = new FakeAttempt();
      let late: (answer: LiveAnswer) => void = () => undefined;
      attempt.answer = () => new Promise((resolve) => (late = resolve));
      let states: unknown = null;
      const asked = attempt.states({ waitMs: 40 }).then((found) => (states = found));
      await vi.advanceTimersByTimeAsync(5_030);
      expect(states).toBeNull();
      await vi.advanceTimersByTimeAsync(20);
      await asked;
      expect(states).toEqual(['unknown']);
      expect(attempt.warnings).toEqual([expect.stringMatching(/sequence s: .* did not answer in time/)]);
      expect(attempt.sent).toEqual([]);
      late({ requestNo: 7, held: held(['a', 10]), trouble: null });
      await vi.advanceTimersByTimeAsync(0);
      expect(attempt.sent).toEqual([7]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses a task that is not here, and another epoch', async () => {
    const attempt = new FakeAttempt();
    expect(await attempt.states({ taskId: 'other' })).toEqual(['unknown']);
    expect(await attempt.states({ epoch: '2' })).toEqual(['epoch']);
    expect(await attempt.states({ epoch: '4' })).toEqual(['epoch']);
  });

  it('says of a sequence that is over that it is, also when the attempt has ended', async () => {
    const attempt = new FakeAttempt();
    attempt.book.published('s');
    expect(await attempt.states()).toEqual(['published']);
    attempt.leave();
    expect(await attempt.states()).toEqual(['published']);
    expect(await attempt.states({ epoch: '4' })).toEqual(['epoch']);
  });

  it('does not say so of a sequence that an ended attempt left unpublished', async () => {
    const attempt = new FakeAttempt();
    attempt.leave();
    expect(await attempt.states()).toEqual(['unknown']);
  });

  it('sees a publish that came while the thread was asked', async () => {
    const attempt = new FakeAttempt();
    attempt.answer = async () => {
      attempt.book.published('s');
      return { requestNo: 1, held: null, trouble: null };
    };
    expect(await attempt.states()).toEqual(['published']);
  });

  it('waits for a task that is just starting, and for a sequence it has not heard of', async () => {
    const attempt = new FakeAttempt();
    let start: () => void = () => undefined;
    attempt.started = new Promise((resolve) => (start = resolve));
    const wish = { sequenceId: 'next', atLeast: null, have: [] };
    const asked = attempt.states({ sequences: [wish], waitMs: 5_000 });
    start();
    setImmediate(() => attempt.book.add(row('next')));
    expect(await asked).toEqual(['held']);
    expect(await attempt.states({ sequences: [{ ...wish, sequenceId: 'never' }] })).toEqual(['unknown']);
  });

  it('refuses, and says why in the log, what the thread cannot give', async () => {
    const attempt = new FakeAttempt();
    attempt.answer = async () => ({ requestNo: 1, held: null, trouble: 'no space left' });
    expect(await attempt.states()).toEqual(['unknown']);
    attempt.answer = () => Promise.reject(new Error('the thread is gone'));
    expect(await attempt.states()).toEqual(['unknown']);
    expect(attempt.warnings).toEqual([
      expect.stringMatching(/sequence s: no space left/),
      expect.stringMatching(/the thread is gone/),
    ]);
  });

  it('asks the newest attempt of a task, whoever leaves late', async () => {
    const attempt = new FakeAttempt();
    const book = new SequenceBook();
    book.add(row('s'));
    attempt.board.enter('t', { epoch: '4', book, channel: attempt.channel, started: Promise.resolve() });
    attempt.leave();
    expect(await attempt.states({ epoch: '4' })).toEqual(['held']);
  });
});
