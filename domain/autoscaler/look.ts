/**
 * One look of the autoscaler: a sample when one is due, a decision when one is due, and what is remembered of both.
 *
 * Pure, and the same however often it is called and on whichever worker: times of samples and decisions are part of the state,
 * so a look that is not due changes nothing. A decision that is not followed never clears the window.
 */
import type { AutoScalerConfig } from '../spec/spec.ts';
import type { AutoscalerState } from './autoscaler-state.ts';
import { wishByCost } from './cost-based.ts';
import type { CostPoint } from './cost-based.ts';
import { decide } from './decide.ts';
import { effectiveTaskCount } from './facts.ts';
import type { AutoscalerFacts, Decision, Wish } from './facts.ts';
import { wishByLag } from './lag-based.ts';
import { aggregateLag, withSample, withoutOld } from './lag-window.ts';

export type Looked = { readonly state: AutoscalerState; readonly decision: Decision };

/** Timers end a little early now and then; such a look must not cost another one. */
export const earlyMs = 100;

export function look(before: AutoscalerState, config: AutoScalerConfig, facts: AutoscalerFacts): Looked {
  let state = begun(before, config, facts.nowMs);
  // Silent, and without samples, as in Druid.
  if (facts.suspended) return { state, decision: { kind: 'none', reason: 'the supervisor is suspended' } };
  state = sampled(state, config, facts);
  if (!isDecisionDue(state, config, facts)) {
    const isSame = config.strategy === 'lagBased' || facts.rollover === state.atRollover;
    return {
      state: isSame ? state : { ...state, atRollover: facts.rollover },
      decision: { kind: 'none', reason: 'no decision is due' },
    };
  }
  const { wish, costs, bestRate } = wishOf(state, config, facts);
  const decision = isBlind(facts) ? unknownLag : decide(config, wish, facts, state.lastScale);
  return { state: { ...decided(state, config, facts, wish, decision), costs, bestRate }, decision };
}

const unknownLag: Decision = {
  kind: 'skip',
  code: 'lagUnknown',
  desired: null,
  reason: 'the lag of some partition is unknown, which says nothing about how many task groups are needed',
};

/** When `look` does something next, as far as time goes. */
export function nextLookAtMs(state: AutoscalerState, config: AutoScalerConfig): number {
  if (state.config !== textOf(config)) return 0;
  return config.strategy === 'lagBased'
    ? Math.min(state.nextSampleAtMs, state.nextDecisionAtMs)
    : state.nextDecisionAtMs;
}

/** No autoscaler any more: what it saw is forgotten, when it scaled is not. */
export function disabled(state: AutoscalerState): AutoscalerState {
  return state.config === null
    ? state
    : { ...state, config: null, samples: [], bestRate: null, costs: [], toldSkip: null };
}

/** Under a new configuration it begins anew, start delay included; the time of the last scaling stays. */
function begun(state: AutoscalerState, config: AutoScalerConfig, nowMs: number): AutoscalerState {
  const text = textOf(config);
  if (state.config === text) return state;
  const firstSampleAtMs = nowMs + (config.strategy === 'lagBased' ? config.scaleActionStartDelayMs : 0);
  return {
    ...disabled(state),
    config: text,
    nextSampleAtMs: firstSampleAtMs,
    nextDecisionAtMs:
      config.strategy === 'lagBased'
        ? firstSampleAtMs + config.lagCollectionRangeMs
        : nowMs + config.scaleActionPeriodMs,
    lastDecision: null,
  };
}

function textOf(config: AutoScalerConfig): string {
  return JSON.stringify(config);
}

function sampled(state: AutoscalerState, config: AutoScalerConfig, facts: AutoscalerFacts): AutoscalerState {
  if (config.strategy !== 'lagBased') return state;
  const { nowMs, lag } = facts;
  const { lagCollectionIntervalMs: interval, lagCollectionRangeMs: range } = config;
  if (!isDue(state.nextSampleAtMs, nowMs)) return state;
  const kept = withoutOld(state.samples, config, nowMs);
  // Nobody looked, or nothing was known, for a whole window: as after a start, a few samples must not decide alone.
  const isAnew = nowMs - state.nextSampleAtMs > range || (lag === null && kept.length === 0);
  const sample = lag === null ? null : { atMs: nowMs, lag: aggregateLag(lag, config.lagAggregate) };
  return {
    ...state,
    nextSampleAtMs: nowMs + interval,
    nextDecisionAtMs: isAnew ? Math.max(state.nextDecisionAtMs, nowMs + range) : state.nextDecisionAtMs,
    samples: sample === null ? kept : withSample(kept, sample, config),
  };
}

/** costBased is asked at a rollover too, once, though its time has not come; lagBased never is. */
function isDecisionDue(state: AutoscalerState, config: AutoScalerConfig, facts: AutoscalerFacts): boolean {
  if (config.strategy === 'costBased' && facts.rollover && !state.atRollover && state.lastDecision !== null)
    return true;
  return isDue(state.nextDecisionAtMs, facts.nowMs);
}

function isDue(atMs: number, nowMs: number): boolean {
  return nowMs >= atMs - earlyMs;
}

/** Nothing is decided on what was seen before the lag became unknown. */
function isBlind(facts: AutoscalerFacts): boolean {
  return facts.lag === null && facts.partitions > 0 && !facts.idle;
}

function wishOf(
  state: AutoscalerState,
  config: AutoScalerConfig,
  facts: AutoscalerFacts,
): {
  readonly wish: Wish;
  readonly costs: readonly CostPoint[];
  readonly bestRate: number | null;
} {
  if (config.strategy === 'lagBased')
    return { wish: wishByLag(config, state.samples, facts), costs: [], bestRate: null };
  const rate = facts.metrics?.rowsPerSecond ?? null;
  const bestRate = rate === null ? state.bestRate : Math.max(rate, state.bestRate ?? 0);
  const { costs, ...wish } = wishByCost(config, facts, bestRate);
  const isDown = wish.desired > 0 && wish.desired < effectiveTaskCount(facts);
  return {
    wish: isDown && config.scaleDownDuringTaskRolloverOnly ? { ...wish, waits: 'rolloverOnly' } : wish,
    costs,
    bestRate,
  };
}

function decided(
  state: AutoscalerState,
  config: AutoScalerConfig,
  { nowMs, rollover }: AutoscalerFacts,
  wish: Wish,
  decision: Decision,
): AutoscalerState {
  const code = decision.kind === 'skip' ? decision.code : null;
  return {
    ...state,
    atRollover: rollover,
    nextDecisionAtMs: nowMs + config.scaleActionPeriodMs,
    lastDecision: {
      atMs: nowMs,
      kind: decision.kind,
      code,
      desired: wish.desired > 0 ? wish.desired : null,
      reason: decision.reason,
    },
  };
}
