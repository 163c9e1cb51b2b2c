/** Every wrong spec is refused at the place and in the words the table says, and by nothing else. */
import { describe, expect, it } from 'vitest';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { aRawSpec, changed, gone } from './raw-spec.ts';
import { wrongSpecs } from './wrong-specs.ts';

describe('wrong specs', () => {
  it('are at least fifty, with names of their own', () => {
    expect(wrongSpecs.length).toBeGreaterThanOrEqual(50);
    expect(new Set(wrongSpecs.map((wrong) => wrong.name)).size).toBe(wrongSpecs.length);
  });

  it('start from a spec that is right', () => {
    expect(parseSupervisorSpec(aRawSpec())).toMatchObject({ kind: 'ok', warnings: [] });
  });

  it.each(wrongSpecs)('$name: refused at $path', ({ spec, path, says }) => {
    const result = parseSupervisorSpec(spec);
    if (result.kind === 'ok') throw new Error('it was accepted');
    const there = result.problems.filter((problem) => problem.path === path);
    expect(there.length, describeProblems(result.problems)).toBeGreaterThan(0);
    expect(describeProblems(there)).toMatch(says);
    expect(describeProblems(there).length).toBeLessThan(1000);
  });

  it.each(wrongSpecs)('$name: no knock-on problems', ({ spec }) => {
    const result = parseSupervisorSpec(spec);
    expect(result.kind === 'invalid' ? result.problems : []).toHaveLength(1);
  });

  it('are told everything at once', () => {
    let spec = changed(aRawSpec(), 'type', gone);
    spec = changed(spec, 'id', 'a/b');
    spec = changed(spec, 'spec.ioConfig.taskCount', 0);
    spec = changed(spec, 'spec.ioConfig.replicas', 'x');
    spec = changed(spec, 'spec.dataSchema.dataSource', '');
    spec = changed(spec, 'spec.dataSchema.metricsSpec[0].name', 'page');
    spec = changed(spec, 'spec.dataSchema.transformSpec', { filter: 'selector' });
    spec = changed(spec, 'spec.tuningConfig.maxRowsInMemory', 0);
    const result = parseSupervisorSpec(spec);
    const paths = result.kind === 'invalid' ? result.problems.map((problem) => problem.path) : [];
    expect(paths.sort()).toEqual([
      'id',
      'spec.dataSchema.dataSource',
      'spec.dataSchema.metricsSpec[0].name',
      'spec.dataSchema.transformSpec.filter',
      'spec.ioConfig.replicas',
      'spec.ioConfig.taskCount',
      'spec.tuningConfig.maxRowsInMemory',
      'type',
    ]);
  });
});

describe('values that are read as another', () => {
  it.each([
    ['spec.tuningConfig.maxBytesInMemory', -1, { tuning: { maxBytesInMemory: null } }],
    ['spec.tuningConfig.reportParseExceptions', true, { tuning: { maxParseExceptions: 0 } }],
    ['spec.ioConfig.period', 'PT0S', { io: { periodMs: 1000 } }],
    ['spec.ioConfig.taskDuration', 60_000, { io: { taskDurationMs: 60_000 } }],
    ['spec.dataSchema.metricsSpec[0].fieldName', 'x', { dataSchema: { metrics: [{ fieldName: null }, {}] } }],
    ['spec.tuningConfig.offsetFetchPeriod', 'PT1S', { tuning: { offsetFetchPeriodMs: 5000 } }],
  ])('%s = %j gives a warning', (path, value, spec) => {
    const result = parseSupervisorSpec(changed(aRawSpec(), path, value));
    expect(result).toMatchObject({ kind: 'ok', spec, warnings: [{ path }] });
  });
});

describe('fields that speak of each other', () => {
  const scaler = { enableTaskAutoScaler: true, taskCountMin: 2, taskCountMax: 8 };
  const warned = (...changes: readonly (readonly [string, unknown])[]) => {
    const raw = changes.reduce(
      (spec, [path, value]) => changed(spec, `spec.ioConfig.${path}`, value),
      aRawSpec(),
    );
    const result = parseSupervisorSpec(raw);
    return result.kind === 'ok' ? result.warnings.map(({ path }) => path) : result.problems;
  };

  it('the mirror and the group of the consumer', () => {
    expect(warned(['consumerProperties["group.id"]', 'g'], ['mirrorConsumerGroup', 'g'])).toContain(
      'spec.ioConfig.mirrorConsumerGroup',
    );
    expect(warned(['mirrorConsumerGroup', 'g'])).toEqual([]);
  });

  it('stopTaskCount and the ratio that beats it', () => {
    const withRatio = { ...scaler, stopTaskCountRatio: 0.5 };
    expect(warned(['stopTaskCount', 1], ['autoScalerConfig', withRatio])).toEqual([
      'spec.ioConfig.stopTaskCount',
    ]);
    expect(warned(['stopTaskCount', 1], ['autoScalerConfig', scaler])).toEqual([]);
  });

  it('a strategy and the fields of the other one', () => {
    expect(warned(['autoScalerConfig', { ...scaler, lagWeight: 1 }])).toEqual([
      'spec.ioConfig.autoScalerConfig.lagWeight',
    ]);
    const costBased = { ...scaler, autoScalerStrategy: 'costBased', scaleInStep: 1 };
    expect(warned(['autoScalerConfig', costBased])).toEqual(['spec.ioConfig.autoScalerConfig.scaleInStep']);
  });

  it('costBased has delays of its own, which the older field does not touch', () => {
    const costBased = { ...scaler, autoScalerStrategy: 'costBased', minTriggerScaleActionFrequencyMillis: 1 };
    const result = parseSupervisorSpec(changed(aRawSpec(), 'spec.ioConfig.autoScalerConfig', costBased));
    expect(result.kind === 'ok' && result.spec.io.autoScaler).toMatchObject({
      minScaleUpDelayMs: 900_000,
      minScaleDownDelayMs: 1_800_000,
      scaleActionPeriodMs: 120_000,
    });
  });

  it('samples are taken every second at most', () => {
    const often = { ...scaler, lagCollectionIntervalMillis: 500, lagCollectionRangeMillis: 500 };
    const result = parseSupervisorSpec(changed(aRawSpec(), 'spec.ioConfig.autoScalerConfig', often));
    expect(result).toMatchObject({
      spec: { io: { autoScaler: { lagCollectionIntervalMs: 1000, lagCollectionRangeMs: 500 } } },
      warnings: [{ path: 'spec.ioConfig.autoScalerConfig.lagCollectionIntervalMillis' }],
    });
  });

  it.each([
    [{ taskCountStart: 3 }, undefined, 3],
    [{}, undefined, 2],
    [{ taskCountStart: 3 }, 7, 7],
    [{ enableTaskAutoScaler: false }, undefined, 1],
  ])('a new spec with the scaler %j and taskCount %j begins with %i', (more, taskCount, becomes) => {
    let raw = changed(aRawSpec(), 'spec.ioConfig.autoScalerConfig', { ...scaler, ...more });
    if (taskCount !== undefined) raw = changed(raw, 'spec.ioConfig.taskCount', taskCount);
    expect(parseSupervisorSpec(raw)).toMatchObject({ kind: 'ok', spec: { io: { taskCount: becomes } } });
  });
});
