/** The protocol in memory under ten thousand random schedules, and the ledger shown to notice when guards are missing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ledgerFaults } from './ledger.ts';
import { ModelStore, type Removable } from './model-store.ts';
import { type Step, World, schedule, tapes } from './schedule.ts';

const seed = Number(process.env['SEED'] ?? 20260701);
const runs = Number(process.env['SCHEDULES'] ?? 10_000);

/** Faults of one schedule; throws when work is left that never gets published. */
function run(tape: Uint8Array, seen: Map<string, number>, without: readonly Removable[] = []): string[] {
  const store = new ModelStore('s', without);
  const world = new World('s', tape, seen);
  const steps = schedule(world);
  let turn = steps.next();
  while (turn.done !== true)
    turn = steps.next(turn.value.name === 'pause' ? undefined : answer(store, turn.value));
  return ledgerFaults(store, world.files);
}

function answer(store: ModelStore, step: Step): unknown {
  const method = store[step.name] as (input: unknown) => unknown;
  return method.call(store, step.input);
}

/** What schedules must reach, or they prove nothing. STALE, REAPED and FENCED(term) stand behind other guards here. */
const places = [
  'acquire acquired',
  'acquire refused LOWER_ATTEMPT',
  'acquire refused TASK_TERMINAL',
  'acquire refused DISCARDED',
  'adopt adopted',
  'adopt refused',
  'answer ok',
  'answer fenced',
  'answer superseded',
  'checkpoint ok',
  'checkpoint fenced',
  'checkpoint beyondEnd',
  'commit committed',
  'commit already',
  'commit discarded',
  'commit fenced lease',
  'commit overread',
  'commit ahead',
  'commit again already',
  'create created',
  'create existing',
  'create refused STALE_EXPECTATION',
  'create refused STILL_READING',
  'create refused TOO_MANY_UNPUBLISHED',
  'create refused NOT_SEEDED',
  'discard discarded',
  'discard published',
  'end ended',
  'end again ended',
  'end superseded',
  'end discarded',
  'reap files',
  'reset full',
  'reset partial',
  'reset stop',
  'resume resumed',
];

describe('the protocol in memory', () => {
  it(`keeps the ledger and brings everything home in ${runs} schedules`, { timeout: 300_000 }, () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(tapes, (tape) => {
        expect(run(tape, seen)).toEqual([]);
      }),
      { seed, numRuns: runs },
    );
    if (runs >= 10_000) expect(places.filter((place) => (seen.get(place) ?? 0) < 20)).toEqual([]);
  });
});

/** Guards that the ledger needs (reliability.md 3.6): with these out, rows are lost or doubled, or their files are. */
const losses: readonly { without: readonly Removable[]; fault: RegExp }[] = [
  { without: ['positions', 'predecessors', 'overlap'], fault: /lost|doubled/ },
  { without: ['already', 'ends', 'positions', 'predecessors', 'overlap'], fault: /doubled/ },
  { without: ['cascade', 'positions', 'predecessors'], fault: /lost/ },
  { without: ['reset-discards', 'positions'], fault: /doubled|stored position/ },
  { without: ['ends', 'positions', 'predecessors', 'overlap'], fault: /lost|doubled/ },
  { without: ['intents', 'lease'], fault: /is gone/ },
  { without: ['intents', 'reap-dead'], fault: /is gone/ },
];

/** Guards without which nothing is lost, but something never gets published. */
const jams: readonly Removable[] = ['predecessors', 'cascade', 'reset-discards', 'ends'];

describe('the ledger', () => {
  it.each(losses)('fails without $without', { timeout: 300_000 }, ({ without, fault }) => {
    const faults: string[] = [];
    const found = fc.check(
      fc.property(tapes, (tape) => {
        faults.push(...faultsOrJam(tape, without).filter((text) => fault.test(text)));
        return faults.length === 0;
      }),
      { seed, numRuns: 5_000, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
    expect(faults[0]).toMatch(fault);
  });

  it.each(jams)('or the drain fails without %s', { timeout: 300_000 }, (guard) => {
    const found = fc.check(
      fc.property(
        tapes,
        (tape) => !faultsOrJam(tape, [guard]).some((text) => text.includes('never get published')),
      ),
      { seed, numRuns: 5_000, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });
});

function faultsOrJam(tape: Uint8Array, without: readonly Removable[]): string[] {
  try {
    return run(tape, new Map(), without);
  } catch (error) {
    return [String(error)];
  }
}
