/** A message in the wrong direction is an error, never a silent nothing; errors keep what matters on the way. */
import { describe, expect, it } from 'vitest';
import { HeadgateError } from '../../../domain/errors.ts';
import { asFromThread, asToThread, receiveError, sendError } from '../../../activities/ingest/protocol.ts';

describe('the thread protocol', () => {
  it('takes messages of its own direction', () => {
    expect(asToThread({ kind: 'resume', taskKey: 1 })).toEqual({ kind: 'resume', taskKey: 1 });
    expect(asFromThread({ kind: 'started', taskKey: 1 })).toEqual({ kind: 'started', taskKey: 1 });
  });

  it.each([
    ['a report sent to a thread', () => asToThread({ kind: 'progress', taskKey: 1 })],
    ['an order sent to the main thread', () => asFromThread({ kind: 'pause', taskKey: 1 })],
    ['a message without a task', () => asToThread({ kind: 'resume' })],
    ['nothing', () => asFromThread(undefined)],
  ])('refuses %s', (_name, receive) => {
    expect(receive).toThrow(expect.objectContaining({ code: 'INVARIANT_VIOLATED' }));
  });

  it('carries an error of ours with code and details, and any other with its message', () => {
    const ours = new HeadgateError('STREAM_CORRUPT', 'bad', { details: { partition: '3' } });
    const arrived = receiveError(structuredClone(sendError(ours)));
    expect(arrived).toBeInstanceOf(HeadgateError);
    expect(arrived).toMatchObject({ code: 'STREAM_CORRUPT', message: 'bad', details: { partition: '3' } });
    expect(arrived.stack).toBe(ours.stack);
    expect(receiveError(structuredClone(sendError(new TypeError('odd'))))).toMatchObject({ message: 'odd' });
  });
});
