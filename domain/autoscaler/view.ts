/** What an autoscaler has in mind, for status, `explain` and the console: one sentence, and the numbers behind it. */
import type { Json, Satisfies } from '../json.ts';
import type { AutoScalerConfig } from '../spec/spec.ts';
import { readState } from './autoscaler-state.ts';
import type { AutoscalerState, LastDecision, LastScaling } from './autoscaler-state.ts';
import type { CostPoint } from './cost-based.ts';
import { restOfCooldown } from './decide.ts';
import { scaledWords } from './describe.ts';
import { slotsOf } from './lag-window.ts';

export type AutoscalerView = Satisfies<{
  readonly line: string;
  /** Null: it is not enabled, but taskCount was changed by order once. */
  readonly strategy: AutoScalerConfig['strategy'] | null;
  readonly taskCountMin: number | null;
  readonly taskCountMax: number | null;
  /** Lag samples in the window, of so many at most; null: the strategy keeps none. */
  readonly samples: number | null;
  readonly slots: number | null;
  /** Of the newest sample, all partitions together. */
  readonly lag: number | null;
  readonly lastDecision: (LastDecision & { readonly at: string }) | null;
  readonly lastScale: (LastScaling & { readonly at: string }) | null;
  readonly nextDecisionAt: string | null;
  /** Scaling in a direction is allowed again from then on; null: it is now. */
  readonly scaleUpFrom: string | null;
  readonly scaleDownFrom: string | null;
  /** By task count, of the last decision of costBased. */
  readonly costs: readonly CostPoint[];
}>;

/** Null: there is nothing to say, for it has never looked and nobody has scaled. */
export function autoscalerView(stored: Json | null, nowMs: number): AutoscalerView | null {
  if (stored === null) return null;
  const state = readState(stored);
  const config = configOf(state);
  if (config === null && state.lastScale === null) return null;
  const keepsWindow = config?.strategy === 'lagBased';
  return {
    line: lineOf(state, config),
    strategy: config?.strategy ?? null,
    taskCountMin: config?.taskCountMin ?? null,
    taskCountMax: config?.taskCountMax ?? null,
    samples: keepsWindow ? state.samples.length : null,
    slots: keepsWindow ? slotsOf(config) : null,
    lag: state.samples.at(-1)?.lag ?? null,
    lastDecision: withTime(state.lastDecision),
    lastScale: withTime(state.lastScale),
    nextDecisionAt: config === null ? null : timeOf(state.nextDecisionAtMs),
    scaleUpFrom: cooldownEnd(state, config, 'up', nowMs),
    scaleDownFrom: cooldownEnd(state, config, 'down', nowMs),
    costs: state.costs,
  };
}

/** As this program wrote it; of another program's shape as little as nothing is believed. */
function configOf(state: AutoscalerState): AutoScalerConfig | null {
  if (state.config === null) return null;
  try {
    const config = JSON.parse(state.config) as AutoScalerConfig;
    return config.strategy === 'lagBased' || config.strategy === 'costBased' ? config : null;
  } catch {
    return null;
  }
}

function lineOf(state: AutoscalerState, config: AutoScalerConfig | null): string {
  const { lastDecision, lastScale } = state;
  const scaled =
    lastScale === null
      ? ''
      : `; last ${scaledWords(lastScale.from, lastScale.to, lastScale.reason)} (${timeOf(lastScale.atMs)}, by ${lastScale.by})`;
  if (config === null) return `no autoscaler is enabled${scaled}`;
  if (lastDecision === null)
    return `no decision yet, the first one is due at ${timeOf(state.nextDecisionAtMs)}${scaled}`;
  if (lastDecision.kind === 'skip') return `not scaled: ${lastDecision.reason}${scaled}`;
  return lastDecision.kind === 'none'
    ? `nothing to do: ${lastDecision.reason}${scaled}`
    : lastDecision.reason;
}

function cooldownEnd(
  state: AutoscalerState,
  config: AutoScalerConfig | null,
  direction: 'up' | 'down',
  nowMs: number,
): string | null {
  if (config === null) return null;
  const restMs = restOfCooldown(config, direction === 'up', nowMs, state.lastScale);
  return restMs === 0 ? null : timeOf(nowMs + restMs);
}

function withTime<T extends { readonly atMs: number }>(value: T | null): (T & { at: string }) | null {
  return value === null ? null : { ...value, at: timeOf(value.atMs) };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
