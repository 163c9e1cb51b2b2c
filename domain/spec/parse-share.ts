/** Reads how the work of a supervisor is spread over task groups, and when it may rest (druid.md 1.4, 1.8). */
import { readAutoScaler } from './parse-auto-scaler.ts';
import type { SectionReader } from './parse-reader.ts';
import { flag, intMax, longMillis, wholeNumber } from './parse-values.ts';
import { render } from './problem.ts';
import { isPlainObject } from './raw.ts';
import type { IoConfig } from './spec.ts';

export const taskCountLimit = 500;
const replicasLimit = 20;
const priorityCountMax = 100;

type Share = Pick<
  IoConfig,
  'taskCount' | 'replicas' | 'serverPriorityToReplicas' | 'stopTaskCount' | 'autoScaler' | 'idle'
>;

export function readShare(section: SectionReader): Share {
  const autoScaler = readAutoScaler(section, taskCountLimit);
  const { replicas, serverPriorityToReplicas } = readReplicas(section);
  const stopTaskCount = section.read('stopTaskCount', wholeNumber(1, intMax), null);
  if (stopTaskCount !== null && autoScaler !== null && autoScaler.stopTaskCountRatio !== null)
    section.warning('stopTaskCount', 'nothing; autoScalerConfig.stopTaskCountRatio is used instead');
  return {
    autoScaler,
    taskCount: section.read(
      'taskCount',
      wholeNumber(1, taskCountLimit),
      autoScaler?.taskCountStart ?? autoScaler?.taskCountMin ?? 1,
      'to stop reading, suspend the supervisor',
    ),
    replicas,
    serverPriorityToReplicas,
    stopTaskCount,
    idle: readIdle(section),
  };
}

/** What is posted of both must agree: the sum of the priorities is the number of replicas. */
function readReplicas(section: SectionReader): Pick<Share, 'replicas' | 'serverPriorityToReplicas'> {
  const remedy = 'to stop reading, suspend the supervisor';
  const byPriority = readPriorities(section);
  if (byPriority === null)
    return {
      replicas: section.read('replicas', wholeNumber(1, replicasLimit), 1, remedy),
      serverPriorityToReplicas: null,
    };
  const sum = Object.values(byPriority).reduce((total, count) => total + count, 0);
  if (sum < 1 || sum > replicasLimit)
    section.problem(
      'serverPriorityToReplicas',
      `1 to ${replicasLimit} replicas in all; these are ${sum}`,
      remedy,
    );
  const replicas = section.read('replicas', wholeNumber(1, replicasLimit), sum, remedy);
  if (replicas !== sum && sum <= replicasLimit)
    section.problem('replicas', `${sum}, the sum of serverPriorityToReplicas, or nothing`);
  return { replicas, serverPriorityToReplicas: byPriority };
}

/** Null: not given, empty, or a problem. */
function readPriorities(section: SectionReader): Readonly<Record<string, number>> | null {
  const name = 'serverPriorityToReplicas';
  const expected = 'an object of replicas by priority, such as {"0": 1, "10": 1}';
  const value = section.get(name);
  if (value === undefined) return null;
  if (!isPlainObject(value) || Object.keys(value).length > priorityCountMax) {
    section.problem(name, expected);
    return null;
  }
  const counts: [string, number][] = [];
  for (const [priority, raw] of Object.entries(value)) {
    const count = wholeNumber(0, intMax).safeParse(raw);
    const path = `${section.pathOf(name)}[${render(priority)}]`;
    if (!/^-?\d{1,10}$/.test(priority) || Math.abs(Number(priority)) > intMax)
      section.problemAt(path, `the priority ${render(priority)}`, 'a whole number');
    else if (!count.success) section.problemAt(path, render(raw), 'a whole number of at least 0');
    else counts.push([priority, count.data]);
  }
  return counts.length === 0 ? null : Object.fromEntries(counts);
}

/** Switched off, or not given at all: never IDLE. */
function readIdle(section: SectionReader): IoConfig['idle'] {
  const reader = section.section('idleConfig', 'optional', 'an object with enabled and inactiveAfterMillis');
  if (!isPlainObject(section.get('idleConfig')) || !reader.read('enabled', flag, false)) return null;
  return { inactiveAfterMs: reader.read('inactiveAfterMillis', longMillis(1), 600_000) };
}
