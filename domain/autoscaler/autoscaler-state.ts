/**
 * What an autoscaler remembers, as JSON in table `autoscaler`: it outlives every worker, every attempt of `watch` and every
 * life of the workflow, so that neither a restart nor a failover forgets a window or a cooldown (druid.md 5 #36, 9.9).
 *
 * Read totally: what an older or a newer program wrote, or nothing at all, is understood as far as it makes sense.
 */
import type { Json, Satisfies } from '../json.ts';
import type { CostPoint } from './cost-based.ts';
import { skipCodes } from './facts.ts';
import type { SkipCode } from './facts.ts';
import type { LagWindow } from './lag-window.ts';

export type AutoscalerState = Satisfies<{
  readonly version: 1;
  /** The configuration the times below belong to, as text; null: no autoscaler is enabled. */
  readonly config: string | null;
  readonly nextSampleAtMs: number;
  readonly nextDecisionAtMs: number;
  readonly samples: LagWindow;
  /** Of a task, the highest ever seen under this configuration; null: none yet. */
  readonly bestRate: number | null;
  /** Whether the last look was at a rollover: each is answered once. */
  readonly atRollover: boolean;
  readonly lastScale: LastScaling | null;
  /** Skips and scalings as well as decisions to do nothing. */
  readonly lastDecision: LastDecision | null;
  /** The skip that the story tells of, so that each is told once. */
  readonly toldSkip: {
    readonly code: SkipCode;
    readonly desired: number | null;
    readonly atMs: number;
  } | null;
  /** Of the last decision of costBased, by task count; for people. */
  readonly costs: readonly CostPoint[];
}>;

export type LastScaling = Satisfies<{
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  /** `autoscaler`, or who ordered it. */
  readonly by: string;
  readonly reason: string;
}>;

export type LastDecision = Satisfies<{
  readonly atMs: number;
  readonly kind: 'none' | 'skip' | 'scale';
  readonly code: SkipCode | null;
  readonly desired: number | null;
  readonly reason: string;
}>;

export const freshState: AutoscalerState = {
  version: 1,
  config: null,
  nextSampleAtMs: 0,
  nextDecisionAtMs: 0,
  samples: [],
  bestRate: null,
  atRollover: false,
  lastScale: null,
  lastDecision: null,
  toldSkip: null,
  costs: [],
};

/** The part of the state that a scaling writes, whoever ordered it: the cooldown begins, the window is empty. */
export type ScalingMemory = Pick<AutoscalerState, 'version' | 'samples' | 'lastScale' | 'toldSkip'>;

export function memoryOfScaling(lastScale: LastScaling): ScalingMemory {
  return { version: 1, samples: [], lastScale, toldSkip: null };
}

/** From whatever is stored. A field that makes no sense counts as not there. */
export function readState(stored: Json): AutoscalerState {
  const fields = isObject(stored) ? stored : {};
  return {
    version: 1,
    config: typeof fields['config'] === 'string' ? fields['config'] : null,
    nextSampleAtMs: numberOr(fields['nextSampleAtMs'], 0),
    nextDecisionAtMs: numberOr(fields['nextDecisionAtMs'], 0),
    samples: samplesOf(fields['samples']),
    bestRate: numberOr(fields['bestRate'], null),
    atRollover: fields['atRollover'] === true,
    lastScale: lastScaleOf(fields['lastScale']),
    lastDecision: lastDecisionOf(fields['lastDecision']),
    toldSkip: toldSkipOf(fields['toldSkip']),
    costs: listOf(fields['costs']).flatMap((point) => {
      const [taskCount, cost] = [numberOr(point['taskCount'], null), numberOr(point['cost'], null)];
      return taskCount === null || cost === null ? [] : [{ taskCount, cost }];
    }),
  };
}

type Fields = { readonly [key: string]: Json | undefined };

function samplesOf(stored: Json | undefined): LagWindow {
  return listOf(stored)
    .flatMap((sample) => {
      const [atMs, lag] = [numberOr(sample['atMs'], null), numberOr(sample['lag'], null)];
      return atMs === null || lag === null ? [] : [{ atMs, lag }];
    })
    .sort((left, right) => left.atMs - right.atMs);
}

function lastScaleOf(stored: Json | undefined): LastScaling | null {
  if (!isObject(stored)) return null;
  const atMs = numberOr(stored['atMs'], null);
  if (atMs === null) return null;
  return {
    atMs,
    from: numberOr(stored['from'], 0),
    to: numberOr(stored['to'], 0),
    by: textOr(stored['by'], 'autoscaler'),
    reason: textOr(stored['reason'], ''),
  };
}

function lastDecisionOf(stored: Json | undefined): LastDecision | null {
  if (!isObject(stored)) return null;
  const atMs = numberOr(stored['atMs'], null);
  const kind = (['none', 'skip', 'scale'] as const).find((known) => known === stored['kind']);
  if (atMs === null || kind === undefined) return null;
  return {
    atMs,
    kind,
    code: skipCodeOf(stored['code']),
    desired: numberOr(stored['desired'], null),
    reason: textOr(stored['reason'], ''),
  };
}

function toldSkipOf(stored: Json | undefined): AutoscalerState['toldSkip'] {
  if (!isObject(stored)) return null;
  const [code, atMs] = [skipCodeOf(stored['code']), numberOr(stored['atMs'], null)];
  return code === null || atMs === null ? null : { code, atMs, desired: numberOr(stored['desired'], null) };
}

function skipCodeOf(stored: Json | undefined): SkipCode | null {
  return skipCodes.find((code) => code === stored) ?? null;
}

function isObject(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: Json | undefined): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
}

function numberOr<T>(value: Json | undefined, otherwise: T): number | T {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

function textOr(value: Json | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
