/** One set of credentials is tried rarely once it is refused, and one at a time until it has worked. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HeadgateError } from '../../../../domain/errors.ts';
import { AuthGate, gateFor } from '../../../../streams/kafka/sasl/auth-gate.ts';

const refused = new HeadgateError('STREAM_AUTH_FAILED', 'refused');
const away = new HeadgateError('STREAM_UNREACHABLE', 'away');

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

function failing(error: Error) {
  return vi.fn(() => Promise.reject(error));
}

describe('an authentication gate', () => {
  it('lets a refused login be tried again after ten seconds, and tells the refusal until then', async () => {
    const gate = new AuthGate();
    const login = failing(refused);
    for (let second = 0; second < 30; second += 1) {
      await expect(gate.pass(login)).rejects.toBe(refused);
      vi.advanceTimersByTime(1_000);
    }
    expect(login).toHaveBeenCalledTimes(3);
  });

  it('has one login under way until one has worked, then as many as come', async () => {
    const gate = new AuthGate();
    const started: (() => void)[] = [];
    const login = (): Promise<string> => new Promise((resolve) => started.push(() => resolve('in')));
    const all = Promise.all(Array.from({ length: 5 }, () => gate.pass(login)));
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toHaveLength(1);
    started[0]?.();
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toHaveLength(5);
    for (const finish of started) finish();
    expect(await all).toEqual(['in', 'in', 'in', 'in', 'in']);
  });

  it('answers all who wait with the refusal of the first', async () => {
    const gate = new AuthGate();
    const login = failing(refused);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => gate.pass(login)));
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === refused)).toBe(
      true,
    );
    expect(login).toHaveBeenCalledTimes(1);
  });

  it('is not closed by a broker that is away', async () => {
    const gate = new AuthGate();
    const login = failing(away);
    for (let time = 0; time < 5; time += 1) await expect(gate.pass(login)).rejects.toBe(away);
    expect(login).toHaveBeenCalledTimes(5);
  });

  it('closes again when credentials that worked are refused', async () => {
    const gate = new AuthGate();
    await gate.pass(() => Promise.resolve('in'));
    const login = failing(refused);
    await expect(gate.pass(login)).rejects.toBe(refused);
    await expect(gate.pass(login)).rejects.toBe(refused);
    expect(login).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(10_000);
    expect(await gate.pass(() => Promise.resolve('in'))).toBe('in');
  });

  it('is one for the same credentials at the same cluster, and another for changed ones', () => {
    const gate = gateFor(['a:1', 'b:1'], 'PLAIN', 'u', 'p');
    expect(gateFor(['a:1', 'b:1'], 'PLAIN', 'u', 'p')).toBe(gate);
    expect(gateFor(['a:1', 'b:1'], 'PLAIN', 'u', 'q')).not.toBe(gate);
    expect(gateFor(['a:1', 'b:1'], 'SCRAM-SHA-256', 'u', 'p')).not.toBe(gate);
    expect(gateFor(['a:1'], 'PLAIN', 'u', 'p')).not.toBe(gate);
  });

  it('is remembered for credentials in use, however many others come', async () => {
    const gate = gateFor(['kept:1'], 'PLAIN', 'u', 'p');
    await expect(gate.pass(failing(refused))).rejects.toBe(refused);
    for (let index = 0; index < 2_000; index += 1) gateFor(['other:1'], 'PLAIN', 'u', String(index));
    expect(gateFor(['kept:1'], 'PLAIN', 'u', 'p')).toBe(gate);
  });
});
