/** Each guard answers in a state where all others pass, and its answer is missed when it is taken out (protocol.md 8). */
import { describe, expect, it } from 'vitest';
import { guardsInDatabase, removeGuards } from './function-source.ts';
import { guards } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone, pool } = scratchDatabase();

describe.each(guards)('$of, guard $guard: $what', ({ of, guard, scenario, answer }) => {
  it('answers', async () => {
    expect(await undone((database) => scenario(database, () => Promise.resolve()))).toEqual(answer);
  });

  it('is missed when taken out', async () => {
    const outcome = await undone((database) => scenario(database, () => removeGuards(database, of, [guard])));
    expect(outcome).not.toEqual(answer);
  });
});

describe('the list of guards', () => {
  it('has a scenario for every guard in the database', async () => {
    const tested = new Set(guards.map(({ of, guard }) => `${of} ${guard}`));
    const there = (await guardsInDatabase(pool())).map(([of, guard]) => `${of} ${guard}`);
    expect(there.filter((name) => !tested.has(name))).toEqual([]);
    expect(new Set(there)).toEqual(tested);
  });
});
