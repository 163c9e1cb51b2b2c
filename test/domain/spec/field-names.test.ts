import { describe, expect, it } from 'vitest';
import { nearest } from '../../../domain/spec/field-names.ts';
import { parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { aRawSpec, changed } from './raw-spec.ts';

const names = ['taskCount', 'taskDuration', 'topic', 'maxRowsInMemory', 'type'];

describe('nearest', () => {
  it.each([
    ['taskCount', 'taskCount'],
    ['TASKCOUNT', 'taskCount'],
    ['task_count', 'taskCount'],
    ['max-rows-in-memory', 'maxRowsInMemory'],
    ['takCount', 'taskCount'],
    ['tasksCounts', 'taskCount'],
    ['tpoic', 'topic'],
    ['typ', 'type'],
    ['tyyyp', null],
    ['count', null],
    ['', null],
  ])('of %j is %j', (name, expected) => {
    expect(nearest(name, names)).toBe(expected);
  });
});

describe('objects that switch themselves off', () => {
  it.each([
    [
      'spec.ioConfig.autoScalerConfig',
      { enableTaskAutoScaler: false, taskCountMin: 1, taskCountMax: 3 },
      'ok',
    ],
    ['spec.ioConfig.autoScalerConfig', { enableTaskAutoScaler: 'false', taskCountMin: 1 }, 'ok'],
    ['spec.ioConfig.autoScalerConfig', { taskCountMin: 1, taskCountMax: 3 }, 'ok'],
    ['spec.ioConfig.autoScalerConfig', { enableTaskAutoScaler: false, autoScalerStrategy: 'x', y: 1 }, 'ok'],
    ['spec.ioConfig.autoScalerConfig', 'on', 'invalid'],
    ['spec.ioConfig.idleConfig', { enabled: false, inactiveAfterMillis: 1 }, 'ok'],
    ['spec.ioConfig.idleConfig', { enabled: 'false', inactiveAfterMillis: -1 }, 'ok'],
    ['spec.ioConfig.idleConfig', { enabled: true, inactiveAfterMillis: 600_000 }, 'ok'],
    ['spec.ioConfig.idleConfig', 'on', 'invalid'],
  ])('%s = %j: %s', (path, value, kind) => {
    const result = parseSupervisorSpec(changed(aRawSpec(), path, value));
    expect(result).toMatchObject(kind === 'ok' ? { kind, warnings: [] } : { kind, problems: [{ path }] });
  });
});
