/** The autoscaler look by look: when it samples, when it decides, which rule stops it, and what it remembers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freshState, memoryOfScaling, readState } from '../../../domain/autoscaler/autoscaler-state.ts';
import type { AutoscalerState } from '../../../domain/autoscaler/autoscaler-state.ts';
import { decide } from '../../../domain/autoscaler/decide.ts';
import type { AutoscalerFacts, Decision } from '../../../domain/autoscaler/facts.ts';
import { slotsOf } from '../../../domain/autoscaler/lag-window.ts';
import { disabled, look, nextLookAtMs } from '../../../domain/autoscaler/look.ts';
import { noteSkip } from '../../../domain/autoscaler/skips.ts';
import type { AutoScalerConfig } from '../../../domain/spec/spec.ts';
import { costBased, factsOf, lagBased, lags, minute, second } from './builders.ts';
import type { LagConfig } from './builders.ts';

type Step = Partial<AutoscalerFacts> & { nowMs: number };

/** Looks at each of these, the state travelling as JSON, as it does. */
function run(config: AutoScalerConfig, steps: readonly Step[], from: AutoscalerState = freshState) {
  let state = from;
  const decisions: Decision[] = [];
  for (const step of steps) {
    const looked = look(readState(JSON.parse(JSON.stringify(state))), config, factsOf(step));
    state = looked.state;
    decisions.push(looked.decision);
  }
  return { state, decisions, last: decisions.at(-1)! };
}

/** Every 30 s from 0 on, for so long. */
function every30(untilMs: number, step: (nowMs: number) => Partial<AutoscalerFacts>): Step[] {
  const count = Math.floor(untilMs / (30 * second)) + 1;
  return Array.from({ length: count }, (_, index) => {
    const nowMs = index * 30 * second;
    return { nowMs, ...step(nowMs) };
  });
}

const high = { lag: lags(8, 1_000_000) };
const low = { lag: lags(8, 0) };
const unknown = { lag: null };

describe('times', () => {
  test('the first sample after the start delay, the first decision a window later, then every minute', () => {
    const steps = every30(20 * minute, () => high);
    const { decisions } = run(lagBased(), steps);
    expect(run(lagBased(), steps.slice(0, 10)).state.samples).toEqual([]);
    expect(run(lagBased(), steps.slice(0, 11)).state.samples).toEqual([{ atMs: 5 * minute, lag: 8_000_000 }]);
    const decidedAt = decisions.flatMap((decision, index) =>
      decision.kind === 'scale' ? [steps[index]!.nowMs / minute] : [],
    );
    expect(decidedAt).toEqual([15, 16, 17, 18, 19, 20]);
  });

  test('costBased decides every two minutes, and needs no window', () => {
    const steps = every30(8 * minute, () => ({ lag: lags(8, 0), metrics: null }));
    const { decisions } = run(costBased(), steps);
    const decidedAt = decisions.flatMap((decision, index) =>
      decision.kind === 'skip' ? [steps[index]!.nowMs / minute] : [],
    );
    expect(decidedAt).toEqual([2, 4, 6, 8]);
  });

  test('says when it wants to look next', () => {
    const config = lagBased();
    expect(nextLookAtMs(freshState, config)).toBe(0);
    const { state } = run(config, [{ nowMs: 1_000 }]);
    expect(nextLookAtMs(state, config)).toBe(5 * minute + 1_000);
    expect(nextLookAtMs(run(costBased(), [{ nowMs: 1_000 }]).state, costBased())).toBe(2 * minute + 1_000);
  });

  test('a changed configuration begins anew, and keeps when it last scaled', () => {
    const { state } = run(
      lagBased(),
      every30(14 * minute, () => high),
    );
    const lastScale = { atMs: 1, from: 1, to: 2, by: 'ada', reason: 'x' };
    const next = look(
      { ...state, lastScale },
      lagBased({ scaleOutStep: 1 }),
      factsOf({ nowMs: 15 * minute }),
    );
    expect(next.state).toMatchObject({ samples: [], nextSampleAtMs: 20 * minute, lastScale });
    expect(disabled({ ...state, lastScale })).toMatchObject({ config: null, samples: [], lastScale });
    expect(disabled(freshState)).toBe(freshState);
  });

  test('after a window without a look it waits for a window, as after a start', () => {
    const { state } = run(
      lagBased(),
      every30(16 * minute, () => low),
    );
    const back = run(lagBased(), [{ nowMs: 60 * minute, ...high }], state);
    expect(back.last).toMatchObject({ kind: 'none' });
    expect(back.state.samples).toHaveLength(1);
    expect(run(lagBased(), [{ nowMs: 70 * minute, ...high }], back.state).last.kind).toBe('scale');
  });
});

describe('the order of the rules', () => {
  const config = lagBased({ taskCountMin: 2, taskCountMax: 4 });
  const wish = (desired: number) => ({ desired, because: 'because' });
  const at = (desired: number, facts: Partial<AutoscalerFacts> = {}, lastScaleAtMs: number | null = null) =>
    decide(
      config,
      wish(desired),
      factsOf({ nowMs: 60 * minute, taskCount: 3, ...facts }),
      lastScaleAtMs === null ? null : { atMs: lastScaleAtMs },
    );
  const everything = { publishingGroups: 1 };

  test('druid 6.71 test_dynamicAllocationNotice_skips_whenSupervisorSuspended: silent', () => {
    expect(at(5, { suspended: true, ...everything })).toMatchObject({ kind: 'none' });
    const { state, last } = run(lagBased(), [...every30(20 * minute, () => ({ ...high, suspended: true }))]);
    expect(last.kind).toBe('none');
    expect(state.samples).toEqual([]);
  });

  test('druid 6.71 WithNoScalingOnIdleSupervisor: silent', () => {
    expect(at(5, { idle: true, ...everything })).toMatchObject({ kind: 'none' });
    expect(
      run(
        lagBased(),
        every30(20 * minute, () => ({ ...low, idle: true })),
      ).decisions,
    ).not.toContainEqual(expect.objectContaining({ kind: expect.stringMatching(/scale|skip/) as string }));
  });

  test('druid 6.71 test_dynamicAllocationNotice_skips_ifTasksArePublishing: told why', () => {
    expect(at(4, everything)).toEqual({
      kind: 'skip',
      code: 'publishing',
      desired: 4,
      reason: '4 task groups are wanted (because), but 1 task group is publishing',
    });
    expect(at(4, everything, 59 * minute)).toMatchObject({ code: 'publishing' });
  });

  test('druid 6.69 WithScaleOutSmallPartitionNumber: 2 partitions, at most 3: 2', () => {
    const small = lagBased({ taskCountMax: 3 });
    const { last } = run(
      small,
      every30(15 * minute, () => ({ taskCount: 1, partitions: 2, lag: lags(2, 4_000_000) })),
    );
    expect(last).toMatchObject({ kind: 'scale', taskCount: 2 });
  });

  test('nothing computed, bounds, publishing, cooldown, scaled', () => {
    expect(at(-1, everything)).toMatchObject({ kind: 'skip', code: 'failedToCompute', desired: null });
    expect(at(0)).toMatchObject({ kind: 'skip', code: 'failedToCompute' });
    expect(at(3, everything)).toMatchObject({ kind: 'none' });
    expect(at(6, { taskCount: 4, ...everything })).toMatchObject({ code: 'alreadyAtMax' });
    expect(at(1, { taskCount: 2, ...everything })).toMatchObject({ code: 'alreadyAtMin' });
    expect(at(6)).toMatchObject({ kind: 'scale', taskCount: 4, reason: 'scaled from 3 to 4: because' });
    expect(at(1)).toMatchObject({ kind: 'scale', taskCount: 2 });
    expect(at(4, {}, 51 * minute)).toMatchObject({
      code: 'cooldown',
      reason: expect.stringContaining(
        'minScaleUpDelay 10 min since the last scaling has 1 min to go',
      ) as string,
    });
    expect(at(4, {}, 50 * minute)).toMatchObject({ kind: 'scale' });
    // A clock that was put back does not stretch it.
    expect(at(4, {}, 200 * minute)).toMatchObject({
      reason: expect.stringContaining('has 10 min to go') as string,
    });
  });

  test('each direction has its own delay, since a scaling in either', () => {
    const own = lagBased({
      taskCountMax: 9,
      minScaleUpDelayMs: 1 * minute,
      minScaleDownDelayMs: 30 * minute,
    });
    const facts = factsOf({ nowMs: 60 * minute, taskCount: 3 });
    const last = { atMs: 50 * minute };
    expect(decide(own, wish(4), facts, last)).toMatchObject({ kind: 'scale' });
    expect(decide(own, wish(2), facts, last)).toMatchObject({ code: 'cooldown' });
  });

  test('bounds are bounded by partitions, and enforced on a count outside of them', () => {
    const wide = lagBased({ taskCountMin: 4, taskCountMax: 9 });
    expect(decide(wide, wish(2), factsOf({ partitions: 3, taskCount: 2 }), null)).toMatchObject({
      kind: 'scale',
      taskCount: 3,
    });
    expect(decide(wide, wish(12), factsOf({ partitions: 12, taskCount: 12 }), null)).toMatchObject({
      kind: 'scale',
      taskCount: 9,
      reason: 'scaled from 12 to 9: 12 is outside of taskCountMin 4 to taskCountMax 9',
    });
    // More groups than partitions change nothing: no restart for that.
    expect(decide(wide, wish(5), factsOf({ partitions: 5, taskCount: 20 }), null)).toMatchObject({
      kind: 'none',
    });
    expect(decide(wide, wish(7), factsOf({ partitions: 5, taskCount: 5 }), null)).toMatchObject({
      code: 'alreadyAtMax',
      reason: expect.stringContaining('as many as partitions, 5') as string,
    });
  });
});

describe('a rollover', () => {
  const busy = {
    lag: lags(8, 0),
    taskCount: 8,
    publishingGroups: 1,
    metrics: { pollIdleRatio: 0.9, rowsPerSecond: 2_000, taskDurationSeconds: 3_600 },
  };
  const config = costBased({ taskCountMax: 8 });
  const waiting = run(
    config,
    every30(2 * minute, () => busy),
  );

  test('asks costBased at once, once, past groups that publish but not past the cooldown', () => {
    expect(waiting.last).toMatchObject({ kind: 'skip', code: 'publishing' });
    const turn = { ...busy, rollover: true, nowMs: 150 * second };
    const first = run(config, [turn], waiting.state);
    expect(first.last.kind).toBe('scale');
    expect(run(config, [{ ...turn, nowMs: 160 * second }], first.state).last.kind).toBe('none');
    const over = run(config, [{ ...turn, rollover: false, nowMs: 170 * second }], first.state);
    expect(run(config, [{ ...turn, nowMs: 180 * second }], over.state).last.kind).toBe('scale');
    const scaled = {
      ...waiting.state,
      ...memoryOfScaling({ atMs: 100 * second, from: 4, to: 8, by: 'ada', reason: '' }),
    };
    expect(run(config, [turn], scaled).last).toMatchObject({ code: 'cooldown' });
  });

  test('is what scaleDownDuringTaskRolloverOnly waits for, but scaling up does not', () => {
    const patient = costBased({ taskCountMax: 8, scaleDownDuringTaskRolloverOnly: true });
    const calm = { ...busy, publishingGroups: 0 };
    const { state, last } = run(
      patient,
      every30(2 * minute, () => calm),
    );
    expect(last).toMatchObject({ kind: 'skip', code: 'rolloverOnly' });
    expect(run(patient, [{ ...calm, rollover: true, nowMs: 150 * second }], state).last.kind).toBe('scale');
    const up = { ...calm, taskCount: 1, metrics: { ...busy.metrics, pollIdleRatio: 0 } };
    expect(
      run(
        patient,
        every30(2 * minute, () => up),
      ).last.kind,
    ).toBe('scale');
  });

  test('is nothing to lagBased', () => {
    const { state } = run(
      lagBased(),
      every30(14 * minute, () => high),
    );
    const publishing = { ...high, rollover: true, publishingGroups: 1 };
    const early = run(lagBased(), [{ ...publishing, nowMs: 14.5 * minute }], state);
    expect(early.last.kind).toBe('none');
    expect(run(lagBased(), [{ ...publishing, nowMs: 15 * minute }], early.state).last).toMatchObject({
      code: 'publishing',
    });
  });
});

describe('what is remembered', () => {
  test('a skipped action never clears the window; a scaling does, and the cooldown begins', () => {
    const { state, last } = run(
      lagBased(),
      every30(20 * minute, () => ({ ...high, publishingGroups: 1 })),
    );
    expect(last).toMatchObject({ code: 'publishing' });
    expect(state.samples).toHaveLength(21);
    const scaled: AutoscalerState = {
      ...state,
      ...memoryOfScaling({ atMs: 20 * minute, from: 2, to: 4, by: 'autoscaler', reason: 'lag' }),
    };
    expect(scaled.samples).toEqual([]);
    const after = run(lagBased({ taskCountMax: 8 }), [], scaled).state;
    expect(
      look(after, lagBased(), factsOf({ nowMs: 21 * minute, taskCount: 2, ...high })).decision,
    ).toMatchObject({
      code: 'cooldown',
    });
  });

  test('anything stored is read: what makes no sense counts as not there', () => {
    for (const stored of [
      null,
      7,
      'x',
      [],
      {},
      { version: 9, samples: 'no', lastScale: [], lastDecision: 1 },
    ])
      expect(readState(stored)).toEqual(freshState);
    expect(
      readState({
        config: '{}',
        samples: [{ atMs: 2, lag: 1 }, { atMs: 1 }, null, { atMs: 1, lag: 5 }],
        lastScale: { atMs: 3 },
        lastDecision: { atMs: 4, kind: 'skip', code: 'unheard of' },
        toldSkip: { code: 'cooldown', atMs: 1 },
        costs: [{ taskCount: 1, cost: 2 }, {}],
        more: 'of a newer program',
      }),
    ).toEqual({
      ...freshState,
      config: '{}',
      samples: [
        { atMs: 1, lag: 5 },
        { atMs: 2, lag: 1 },
      ],
      lastScale: { atMs: 3, from: 0, to: 0, by: 'autoscaler', reason: '' },
      lastDecision: { atMs: 4, kind: 'skip', code: null, desired: null, reason: '' },
      toldSkip: { code: 'cooldown', atMs: 1, desired: null },
      costs: [{ taskCount: 1, cost: 2 }],
    });
  });

  test('a skip is told when its reason is another, and again after hours', () => {
    const skip = (code: 'cooldown' | 'publishing', desired: number): Decision => ({
      kind: 'skip',
      code,
      desired,
      reason: 'r',
    });
    const told: boolean[] = [];
    let state = freshState;
    for (const [atMs, decision] of [
      [0, skip('cooldown', 4)],
      [1, skip('cooldown', 4)],
      [2, { kind: 'none', reason: '' }],
      [3, skip('cooldown', 4)],
      [4, skip('cooldown', 5)],
      [5, skip('publishing', 5)],
      [6 * 60 * minute + 5, skip('publishing', 5)],
    ] as const) {
      const noted = noteSkip(state, decision, atMs);
      state = noted.state;
      told.push(noted.isNews);
    }
    expect(told).toEqual([true, false, false, false, true, true, true]);
  });
});

describe('whatever is seen', () => {
  const anyConfig: fc.Arbitrary<LagConfig> = fc
    .record({
      taskCountMin: fc.integer({ min: 1, max: 4 }),
      more: fc.nat(6),
      lagCollectionIntervalMs: fc.integer({ min: 1, max: 60_000 }),
      lagCollectionRangeMs: fc.integer({ min: 0, max: 300_000 }),
      scaleActionStartDelayMs: fc.nat(60_000),
      scaleActionPeriodMs: fc.integer({ min: 1, max: 60_000 }),
      scaleOutStep: fc.integer({ min: 1, max: 3 }),
      scaleInStep: fc.integer({ min: 1, max: 3 }),
      minScaleUpDelayMs: fc.nat(120_000),
      minScaleDownDelayMs: fc.nat(120_000),
    })
    .map(({ more, ...rest }) => lagBased({ ...rest, taskCountMax: rest.taskCountMin + more }));
  const anyStep = fc.record({
    afterMs: fc.nat(90_000),
    each: fc.option(fc.integer({ min: 0, max: 4_000_000 }), { nil: null, freq: 5 }),
    partitions: fc.integer({ min: 0, max: 8 }),
    publishingGroups: fc.nat({ max: 1 }),
    rollover: fc.boolean(),
  });
  type AnyStep = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;
  const anySteps = fc.array(anyStep, { maxLength: 40 });

  /** Scales as it is told, as the supervisor does. */
  function live(config: LagConfig, steps: readonly AnyStep[], reopen: (index: number) => boolean) {
    let [state, taskCount, nowMs] = [freshState, 2, 0];
    let lastScaleAtMs: number | null = null;
    const log: { decision: Decision; facts: AutoscalerFacts; sinceMs: number | null; samples: number }[] = [];
    steps.forEach(({ afterMs, each, ...rest }, index) => {
      nowMs += afterMs;
      const facts = factsOf({
        nowMs,
        taskCount,
        ...rest,
        lag: each === null ? null : lags(rest.partitions, each),
      });
      if (reopen(index)) state = readState(JSON.parse(JSON.stringify(state)));
      const looked = look(state, config, facts);
      state = looked.state;
      const sinceMs = lastScaleAtMs === null ? null : nowMs - lastScaleAtMs;
      log.push({ decision: looked.decision, facts, sinceMs, samples: state.samples.length });
      if (looked.decision.kind !== 'scale') return;
      const to = looked.decision.taskCount;
      state = {
        ...state,
        ...memoryOfScaling({ atMs: nowMs, from: taskCount, to, by: 'autoscaler', reason: '' }),
      };
      [taskCount, lastScaleAtMs] = [to, nowMs];
    });
    return { state, log };
  }

  test('it never leaves the bounds, never scales in its cooldown, never on an unknown lag, never overfills its ring', () => {
    fc.assert(
      fc.property(anyConfig, anySteps, (config, steps) => {
        for (const { decision, facts, sinceMs, samples } of live(config, steps, () => false).log) {
          expect(samples).toBeLessThanOrEqual(slotsOf(config));
          if (decision.kind !== 'scale') continue;
          const { partitions, taskCount } = facts;
          expect(decision.taskCount).toBeGreaterThanOrEqual(Math.min(config.taskCountMin, partitions));
          expect(decision.taskCount).toBeLessThanOrEqual(Math.min(config.taskCountMax, partitions));
          expect(facts.lag).not.toBeNull();
          expect(facts.publishingGroups).toBe(0);
          const isUp = decision.taskCount > Math.min(taskCount, partitions);
          if (sinceMs !== null)
            expect(sinceMs).toBeGreaterThanOrEqual(
              isUp ? config.minScaleUpDelayMs : config.minScaleDownDelayMs,
            );
        }
      }),
    );
  });

  test('it is the same wherever it is cut into lives of workers', () => {
    fc.assert(
      fc.property(anyConfig, anySteps, fc.array(fc.boolean(), { maxLength: 40 }), (config, steps, cuts) => {
        expect(live(config, steps, (index) => cuts[index] === true)).toEqual(
          live(config, steps, () => false),
        );
      }),
    );
  });

  test('a look that comes too early changes nothing', () => {
    fc.assert(
      fc.property(anyConfig, anySteps, (config, steps) => {
        const { state } = live(config, steps, () => false);
        const nextMs = nextLookAtMs(state, config);
        if (state.config === null || nextMs < 1_000) return;
        expect(look(state, config, factsOf({ nowMs: nextMs - 101 })).state).toEqual(state);
      }),
    );
  });

  test('an unknown lag is no sample, and a decision must wait until there are some', () => {
    const { state, decisions } = run(
      lagBased(),
      every30(30 * minute, () => unknown),
    );
    expect(state.samples).toEqual([]);
    expect(decisions.filter(({ kind }) => kind === 'scale')).toEqual([]);
    // Known again after a long while: one sample does not decide.
    const back = run(lagBased(), [{ nowMs: 30.5 * minute, ...low }], state);
    expect(back.state.samples).toHaveLength(1);
    expect(back.last.kind).toBe('none');
    // Low samples, then none: nothing is scaled in on old ones.
    const calm = run(
      lagBased(),
      every30(14.5 * minute, () => ({ ...low, taskCount: 4 })),
    );
    const blind = run(lagBased(), [{ nowMs: 15 * minute, ...unknown, taskCount: 4 }], calm.state);
    expect(blind.last).toMatchObject({ kind: 'skip', code: 'lagUnknown' });
    expect(run(lagBased(), [{ nowMs: 15 * minute, ...low, taskCount: 4 }], calm.state).last).toMatchObject({
      kind: 'scale',
      taskCount: 3,
    });
  });
});
