/**
 * What a new spec for an existing supervisor may change, and what it takes over (druid.md 1.1).
 *
 * Everything may change but the kind of stream and the topics: stored positions belong to them.
 */
import type { Problem } from './problem.ts';
import { isPlainObject, own, sameJson } from './raw.ts';
import type { IoConfig, SupervisorSpec } from './spec.ts';
import { setTaskCount } from './with-suspended.ts';

/** Reasons why `next` cannot replace `running`; none: it can. */
export function checkSpecChange(running: SupervisorSpec, next: SupervisorSpec): Problem[] {
  const problems: Problem[] = [];
  if (running.type !== next.type)
    problems.push({
      path: 'type',
      found: JSON.stringify(next.type),
      expected: `${JSON.stringify(running.type)}, as it runs`,
      remedy: 'give the new stream a supervisor of its own, with another id',
    });
  if (streamOf(running.io) !== streamOf(next.io)) problems.push(otherStream(running.io, next.io));
  if (running.io.bounded !== null && next.io.bounded !== null) {
    if (!sameJson(running.io.bounded.starts, next.io.bounded.starts))
      problems.push({
        path: 'spec.ioConfig.boundedStreamConfig.startSequenceNumbers',
        found: 'other starts than the ones it runs with',
        expected: 'the same: they only count where no position is stored',
        remedy: 'give the new range a supervisor of its own, or terminate and reset this one first',
      });
  }
  return problems;
}

function fieldOf({ isPattern }: IoConfig): 'topic' | 'topicPattern' {
  return isPattern ? 'topicPattern' : 'topic';
}

function streamOf(io: IoConfig): string {
  return `${fieldOf(io)} ${JSON.stringify(io.topic)}`;
}

/** A pattern is another source than the topic of the same text: its partitions have other names. */
function otherStream(running: IoConfig, next: IoConfig): Problem {
  return {
    path: `spec.ioConfig.${fieldOf(next)}`,
    found: JSON.stringify(next.topic),
    expected: `${fieldOf(running) === fieldOf(next) ? '' : `${fieldOf(running)} `}${JSON.stringify(running.topic)}, as it runs: positions are stored for it, and the source of a supervisor cannot be updated`,
    remedy:
      'suspend this supervisor, reset its offsets, terminate it and create it anew (records of a topic that both name are then read again or skipped), or give the new one another id',
  };
}

/**
 * The text to store for `next`, with the taskCount that counts written in. The first that holds: taskCountStart of an enabled
 * autoscaler; taskCount as written; the running one's, so that a scaled supervisor keeps its scale when someone posts the spec
 * again; what the spec makes of it by itself. The text stays as it came where it says so already.
 */
export function mergeTaskCount(
  nextText: string,
  next: SupervisorSpec,
  running: SupervisorSpec | null,
): { readonly specText: string; readonly spec: SupervisorSpec } {
  const { taskCount } = next.io;
  const start = next.io.autoScaler?.taskCountStart ?? null;
  const kept = isTaskCountWritten(JSON.parse(nextText)) ? taskCount : (running?.io.taskCount ?? taskCount);
  const merged = start ?? kept;
  if (merged === taskCount) return { specText: nextText, spec: next };
  return {
    specText: setTaskCount(nextText, merged),
    spec: { ...next, io: { ...next.io, taskCount: merged } },
  };
}

function isTaskCountWritten(raw: unknown): boolean {
  const spec = isPlainObject(raw) ? (own(raw, 'spec') ?? raw) : null;
  const ioConfig = isPlainObject(spec) ? own(spec, 'ioConfig') : null;
  return isPlainObject(ioConfig) && (own(ioConfig, 'taskCount') ?? null) !== null;
}
