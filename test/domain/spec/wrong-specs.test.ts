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
  ])('%s = %j gives a warning', (path, value, spec) => {
    const result = parseSupervisorSpec(changed(aRawSpec(), path, value));
    expect(result).toMatchObject({ kind: 'ok', spec, warnings: [{ path }] });
  });
});
