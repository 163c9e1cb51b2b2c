import { describe, expect, it } from 'vitest';
import { AbortedTransactions } from '../../../streams/kafka/aborted-transactions.ts';

describe('aborted transactions', () => {
  it('begin at their first offset and end at their marker', () => {
    const transactions = new AbortedTransactions([{ producerId: 1n, firstOffset: 10n }]);
    transactions.reach(9n);
    expect(transactions.isAborted(1n)).toBe(false);
    transactions.reach(10n);
    expect(transactions.isAborted(1n)).toBe(true);
    transactions.passAbortMarker(1n);
    transactions.reach(30n);
    expect(transactions.isAborted(1n)).toBe(false);
  });

  it('are told apart by producer', () => {
    const transactions = new AbortedTransactions([
      { producerId: 2n, firstOffset: 5n },
      { producerId: 1n, firstOffset: 3n },
    ]);
    transactions.reach(4n);
    expect([transactions.isAborted(1n), transactions.isAborted(2n)]).toEqual([true, false]);
    transactions.reach(6n);
    transactions.passAbortMarker(1n);
    expect([transactions.isAborted(1n), transactions.isAborted(2n)]).toEqual([false, true]);
  });

  it('can follow each other for one producer', () => {
    const transactions = new AbortedTransactions([
      { producerId: 1n, firstOffset: 10n },
      { producerId: 1n, firstOffset: 20n },
    ]);
    transactions.reach(12n);
    transactions.passAbortMarker(1n);
    transactions.reach(15n);
    expect(transactions.isAborted(1n)).toBe(false);
    transactions.reach(20n);
    expect(transactions.isAborted(1n)).toBe(true);
  });

  it('that began before the range are known from its first batch on', () => {
    const transactions = new AbortedTransactions([{ producerId: 9n, firstOffset: 2n }]);
    transactions.reach(1_000n);
    expect(transactions.isAborted(9n)).toBe(true);
  });
});
