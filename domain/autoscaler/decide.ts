/**
 * From what a strategy wants to what is done, in Druid's order (druid.md 4.17): bounds, then groups that publish, then the
 * time since the last scaling. The first rule that applies is the reason that is told.
 */
import type { AutoScalerConfig } from '../spec/spec.ts';
import { duration, scaledWords } from './describe.ts';
import { effectiveTaskCount } from './facts.ts';
import type { AutoscalerFacts, Decision, SkipCode, Wish } from './facts.ts';

export type LastScale = { readonly atMs: number };

export function decide(
  config: AutoScalerConfig,
  wish: Wish,
  facts: AutoscalerFacts,
  lastScale: LastScale | null,
): Decision {
  if (facts.suspended) return { kind: 'none', reason: 'the supervisor is suspended' };
  if (facts.idle) return { kind: 'none', reason: 'the supervisor is idle' };
  if (wish.desired <= 0)
    return skip('failedToCompute', null, `no task count could be computed: ${wish.because}`);
  const current = effectiveTaskCount(facts);
  const taskCount = withinBounds(config, facts.partitions, wish.desired);
  const wanted = `${wish.desired} task groups are wanted (${wish.because})`;
  if (taskCount === current)
    return wish.desired === current
      ? { kind: 'none', reason: wish.because }
      : atBound(config, facts, wish.desired, wanted);
  const rollover = facts.rollover && config.strategy === 'costBased';
  if (wish.waits && !rollover) return skip(wish.waits, wish.desired, `${wanted}, at the next rollover`);
  if (facts.publishingGroups > 0 && !rollover)
    return skip(
      'publishing',
      wish.desired,
      `${wanted}, but ${facts.publishingGroups} task ${facts.publishingGroups === 1 ? 'group is' : 'groups are'} publishing`,
    );
  const isUp = taskCount > current;
  const restMs = restOfCooldown(config, isUp, facts.nowMs, lastScale);
  if (restMs > 0)
    return skip(
      'cooldown',
      wish.desired,
      `${wanted}, but ${cooldownWords(config, isUp)} has ${duration(restMs)} to go`,
    );
  const because =
    wish.desired === current
      ? `${current} is outside of taskCountMin ${config.taskCountMin} to taskCountMax ${config.taskCountMax}`
      : wish.because;
  return { kind: 'scale', taskCount, because, reason: scaledWords(facts.taskCount, taskCount, because) };
}

function withinBounds(config: AutoScalerConfig, partitions: number, desired: number): number {
  const least = Math.min(config.taskCountMin, partitions);
  const most = Math.min(config.taskCountMax, partitions);
  return Math.min(most, Math.max(least, desired));
}

/** Milliseconds until scaling in this direction is allowed again; of the last scaling in either. */
export function restOfCooldown(
  config: AutoScalerConfig,
  isUp: boolean,
  nowMs: number,
  lastScale: LastScale | null,
): number {
  if (lastScale === null) return 0;
  const delay = isUp ? config.minScaleUpDelayMs : config.minScaleDownDelayMs;
  // A clock that was put back must not stretch the delay.
  return Math.max(0, delay - Math.max(0, nowMs - lastScale.atMs));
}

function cooldownWords(config: AutoScalerConfig, isUp: boolean): string {
  return isUp
    ? `minScaleUpDelay ${duration(config.minScaleUpDelayMs)} since the last scaling`
    : `minScaleDownDelay ${duration(config.minScaleDownDelayMs)} since the last scaling`;
}

function atBound(
  config: AutoScalerConfig,
  facts: AutoscalerFacts,
  desired: number,
  wanted: string,
): Decision {
  if (desired > effectiveTaskCount(facts)) {
    const bound =
      facts.partitions < config.taskCountMax
        ? `there are as many as partitions, ${facts.partitions}`
        : `taskCountMax is ${config.taskCountMax}`;
    return skip('alreadyAtMax', desired, `${wanted}, but ${bound}`);
  }
  return skip('alreadyAtMin', desired, `${wanted}, but taskCountMin is ${config.taskCountMin}`);
}

function skip(code: SkipCode, desired: number | null, reason: string): Decision {
  return { kind: 'skip', code, desired, reason };
}
