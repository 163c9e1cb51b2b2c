/** One byte budget for all: who spills, and when nobody fetches. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, MemoryBudget } from '../../../activities/ingest/memory-budget.ts';
import type { MemoryUse } from '../../../activities/ingest/memory-budget.ts';

const seed = Number(process.env['SEED'] ?? 20260101);

function uses(...bytes: readonly (number | MemoryUse)[]): Map<number, MemoryUse> {
  return new Map(
    bytes.map((use, key) => [key, typeof use === 'number' ? { bytes: use, isSpilling: false } : use]),
  );
}

describe('judge', () => {
  it('lets everybody be while there is room', () => {
    expect(judge(uses(30, 40), 100, false)).toEqual({ spill: null, hold: false });
  });

  it('makes the largest spill first', () => {
    expect(judge(uses(10, 50, 20), 100, false)).toEqual({ spill: 1, hold: false });
  });

  it('asks nobody else while a spill that is under way will make room', () => {
    expect(judge(uses({ bytes: 60, isSpilling: true }, 30), 100, false)).toEqual({
      spill: null,
      hold: false,
    });
  });

  it('asks the next one when that will not be enough', () => {
    expect(judge(uses({ bytes: 60, isSpilling: true }, 76, 5), 100, false)).toMatchObject({ spill: 1 });
  });

  it('stops fetching at the whole budget, and goes on only well below it', () => {
    expect(judge(uses(60, 41), 100, false).hold).toBe(true);
    expect(judge(uses(60, 20), 100, true).hold).toBe(true);
    expect(judge(uses(50, 20), 100, true).hold).toBe(false);
  });

  it('never holds without somebody to spill or spilling', () => {
    const use = fc.record({ bytes: fc.nat(200), isSpilling: fc.boolean() });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 8 }), fc.boolean(), (all, isHolding) => {
        const verdict = judge(uses(...all), 100, isHolding);
        const freeing = all.some(({ bytes, isSpilling }) => isSpilling && bytes > 0);
        if (verdict.hold) expect(verdict.spill !== null || freeing).toBe(true);
        if (verdict.spill !== null) expect(all[verdict.spill]?.isSpilling).toBe(false);
      }),
      { seed, numRuns: 1_000 },
    );
  });
});

describe('a memory budget', () => {
  class User {
    bytes = 0;
    isSpilling = false;
    spills = 0;
    held = false;

    use(): MemoryUse {
      return { bytes: this.bytes, isSpilling: this.isSpilling };
    }

    spill(): void {
      this.spills += 1;
      this.isSpilling = true;
    }

    hold(hold: boolean): void {
      this.held = hold;
    }
  }

  it('holds all, also those who come later, and lets go when one leaves', () => {
    const budget = new MemoryBudget(100);
    const [large, small, late] = [new User(), new User(), new User()];
    const leave = budget.enter(large);
    budget.enter(small);
    large.bytes = 95;
    small.bytes = 10;
    budget.changed();
    expect([large.spills, small.spills]).toEqual([1, 0]);
    expect([large.held, small.held]).toEqual([true, true]);
    budget.enter(late);
    expect(late.held).toBe(true);
    leave();
    expect([small.held, late.held]).toEqual([false, false]);
  });
});
