/** Places: as many as there may be, one of them for short queries once others wait, none ever lost. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueryPlaces } from '../../query/query-places.ts';
import type { Place } from '../../query/query-places.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const places = (more: { concurrent?: number; waiting?: number } = {}): QueryPlaces =>
  new QueryPlaces({ concurrent: 3, waiting: 10, shortMs: 500, ...more });

/** Someone who asked for a place, and what became of it. */
class Guest {
  place: Place | null = null;
  wasAskedToGo = false;
  error: Error | null = null;
  readonly #leave: () => void;

  constructor(of: QueryPlaces, lasting = false) {
    const taking = of.take(lasting);
    this.#leave = taking.leave;
    taking.taken.then(
      (place) => {
        this.place = place;
        place.begin(() => (this.wasAskedToGo = true));
      },
      (error: Error) => (this.error = error),
    );
  }

  leave(): void {
    this.#leave();
  }

  get isIn(): boolean {
    return this.place !== null;
  }
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('places', () => {
  it('are as many as may run at once, then guests wait in their order', async () => {
    const of = places();
    const guests = [1, 2, 3, 4, 5].map(() => new Guest(of));
    await settled();
    expect(guests.map(({ isIn }) => isIn)).toEqual([true, true, true, false, false]);
    guests[0]?.leave();
    await settled();
    expect(guests.map(({ isIn }) => isIn)).toEqual([true, true, true, true, false]);
  });

  it('are given back once, however often somebody leaves', async () => {
    const of = places({ concurrent: 1 });
    const [first, second, third] = [new Guest(of), new Guest(of), new Guest(of)];
    first.leave();
    first.leave();
    first.place?.leave();
    await settled();
    expect([second.isIn, third.isIn]).toEqual([true, false]);
    second.leave();
    await settled();
    third.leave();
    expect(new Guest(of)).toMatchObject({ error: null });
    await settled();
  });

  it('are not lost to a guest who left while waiting, or in the moment of being let in', async () => {
    const of = places({ concurrent: 1 });
    const [first, second, third] = [new Guest(of), new Guest(of), new Guest(of)];
    second.leave();
    first.leave();
    // Given to the third in this moment, who has not seen it yet.
    third.leave();
    await settled();
    const fourth = new Guest(of);
    await settled();
    expect([second.isIn, fourth.isIn]).toEqual([false, true]);
  });

  it('keep nobody from the last one: who is there for long goes when another waits', async () => {
    const of = places();
    const guests = [1, 2, 3].map(() => new Guest(of));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(guests.map(({ wasAskedToGo }) => wasAskedToGo)).toEqual([false, false, false]);
    const other = new Guest(of);
    await settled();
    // It has been there for longer than a short while already.
    expect(guests.map(({ wasAskedToGo }) => wasAskedToGo)).toEqual([false, false, true]);
    guests[2]?.leave();
    await settled();
    expect(other.isIn).toBe(true);
  });

  it('give everybody a short while first', async () => {
    const of = places();
    const guests = [1, 2, 3, 4, 5].map(() => new Guest(of));
    await vi.advanceTimersByTimeAsync(499);
    expect(guests[2]?.wasAskedToGo).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(guests[2]?.wasAskedToGo).toBe(true);
    guests[2]?.leave();
    await vi.advanceTimersByTimeAsync(499);
    expect([guests[3]?.isIn, guests[3]?.wasAskedToGo]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(guests[3]?.wasAskedToGo).toBe(true);
  });

  it('that last are for those who had to go, who wait for nothing less', async () => {
    const of = places();
    const guests = [1, 2, 3].map(() => new Guest(of));
    const gone = new Guest(of, true);
    await vi.advanceTimersByTimeAsync(10_000);
    // It does not make anybody leave the short one, and does not take it.
    expect(guests[2]?.wasAskedToGo).toBe(false);
    guests[2]?.leave();
    await settled();
    expect(gone.isIn).toBe(false);
    guests[0]?.leave();
    await settled();
    expect(gone.isIn).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(gone.wasAskedToGo).toBe(false);
  });

  it('refuse more than may wait, but not who was let in before', async () => {
    const of = places({ waiting: 2 });
    for (let at = 0; at < 5; at++) new Guest(of);
    expect(() => of.take(false)).toThrow(/3 queries run and 2 wait already/);
    expect(() => of.take(true)).not.toThrow();
  });

  it('of one alone have none for short queries', async () => {
    const of = places({ concurrent: 1 });
    const [first] = [new Guest(of), new Guest(of)];
    await vi.advanceTimersByTimeAsync(10_000);
    expect(first?.wasAskedToGo).toBe(false);
  });

  it('refuse everybody when they close', async () => {
    const of = places({ concurrent: 1 });
    const [, waiting] = [new Guest(of), new Guest(of)];
    of.close();
    await settled();
    expect(waiting?.error?.message).toMatch(/stopping/);
    expect(() => of.take(false)).toThrow(/stopping/);
  });
});
