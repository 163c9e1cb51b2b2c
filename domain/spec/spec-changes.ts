/**
 * What a new spec for an existing supervisor may change, and what it takes over (druid.md 1.1).
 *
 * Everything may change but the kind of stream and the topic: stored positions belong to them.
 */
import type { Problem } from './problem.ts';
import { isPlainObject, own } from './raw.ts';
import type { SupervisorSpec } from './spec.ts';
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
  if (running.io.topic !== next.io.topic)
    problems.push({
      path: 'spec.ioConfig.topic',
      found: JSON.stringify(next.io.topic),
      expected: `${JSON.stringify(running.io.topic)}, as it runs: positions are stored for that topic`,
      remedy:
        'suspend, reset and terminate this supervisor and create it anew, or give the new one another id',
    });
  return problems;
}

/**
 * The text to store for `next`: its own, with the running taskCount written in when it names none. A supervisor that
 * was scaled keeps its scale when someone posts the spec again.
 */
export function keepTaskCount(nextText: string, running: SupervisorSpec | null): string {
  if (running === null || writtenTaskCount(JSON.parse(nextText)) !== null) return nextText;
  return setTaskCount(nextText, running.io.taskCount);
}

function writtenTaskCount(raw: unknown): unknown {
  const spec = isPlainObject(raw) ? (own(raw, 'spec') ?? raw) : null;
  const ioConfig = isPlainObject(spec) ? own(spec, 'ioConfig') : null;
  return isPlainObject(ioConfig) ? (own(ioConfig, 'taskCount') ?? null) : null;
}
