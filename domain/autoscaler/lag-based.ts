/**
 * Druid's `lagBased` strategy (druid.md 4.17): how large a share of the window was high, or low, says one step out, or in.
 * Out is tested before in; no sample, no wish.
 */
import type { LagBasedConfig } from '../spec/spec.ts';
import { percent, whole } from './describe.ts';
import { effectiveTaskCount } from './facts.ts';
import type { AutoscalerFacts, Wish } from './facts.ts';
import type { LagWindow } from './lag-window.ts';

export function wishByLag(
  config: LagBasedConfig,
  window: LagWindow,
  facts: Pick<AutoscalerFacts, 'taskCount' | 'partitions'>,
): Wish {
  if (facts.partitions <= 0) return { desired: -1, because: 'the stream has no partition' };
  const current = effectiveTaskCount(facts);
  const samples = window.length;
  if (samples === 0) return { desired: current, because: 'there is no lag sample yet' };
  const high = window.filter(({ lag }) => lag >= config.scaleOutThreshold).length;
  const low = window.filter(({ lag }) => lag <= config.scaleInThreshold).length;
  const highWords = share('at or above', config.scaleOutThreshold, high, samples);
  const lowWords = share('at or below', config.scaleInThreshold, low, samples);
  const { triggerScaleOutFractionThreshold: outAt, triggerScaleInFractionThreshold: inAt } = config;
  if (high / samples >= outAt)
    return {
      desired: Math.min(current + config.scaleOutStep, facts.partitions),
      because: `${highWords}, threshold ${percent(outAt)})`,
    };
  if (low / samples >= inAt)
    return {
      desired: Math.max(1, current - config.scaleInStep),
      because: `${lowWords}, threshold ${percent(inAt)})`,
    };
  return { desired: current, because: `${highWords}), ${lowWords.replace('lag was ', '')})` };
}

/** The bracket is left open. */
function share(where: string, threshold: number, count: number, samples: number): string {
  return `lag was ${where} ${whole(threshold)} in ${count} of ${samples} samples (${percent(count / samples)}`;
}
