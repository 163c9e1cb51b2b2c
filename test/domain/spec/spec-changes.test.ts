import { describe, expect, it } from 'vitest';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { checkSpecChange, keepTaskCount } from '../../../domain/spec/spec-changes.ts';
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';
import { aRawSpec, changed, gone, type RawSpec } from './raw-spec.ts';

function parsed(raw: RawSpec): SupervisorSpec {
  const result = parseSupervisorSpec(raw);
  if (result.kind === 'invalid') throw new Error(describeProblems(result.problems));
  return result.spec;
}

const running = parsed(changed(aRawSpec(), 'spec.ioConfig.taskCount', 4));

describe('checkSpecChange', () => {
  it.each([
    ['spec.ioConfig.taskCount', 9],
    ['spec.ioConfig.taskDuration', 'PT5M'],
    ['spec.dataSchema.dimensionsSpec.dimensions', []],
    ['spec.dataSchema.dataSource', 'other'],
    ['spec.ioConfig.consumerProperties["bootstrap.servers"]', 'other:9092'],
    ['suspended', true],
  ])('lets %s change', (path, value) => {
    expect(checkSpecChange(running, parsed(changed(aRawSpec(), path, value)))).toEqual([]);
  });

  it('refuses another topic, with what to do', () => {
    const problems = checkSpecChange(running, parsed(changed(aRawSpec(), 'spec.ioConfig.topic', 'other')));
    expect(describeProblems(problems)).toMatch(
      /^spec\.ioConfig\.topic: found "other", expected "clicks-by-minute".*terminate.*another id$/,
    );
  });

  it('refuses another kind of stream', () => {
    const kinesis = { ...running, type: 'kinesis' } as unknown as SupervisorSpec;
    expect(checkSpecChange(running, kinesis).map((problem) => problem.path)).toEqual(['type']);
  });
});

describe('keepTaskCount', () => {
  const text = (spec: RawSpec) => JSON.stringify(spec);

  it.each([
    ['not written', aRawSpec(), 4],
    ['null', changed(aRawSpec(), 'spec.ioConfig.taskCount', null), 4],
    ['written', changed(aRawSpec(), 'spec.ioConfig.taskCount', 2), 2],
    ['written as the default', changed(aRawSpec(), 'spec.ioConfig.taskCount', '1'), 1],
  ])('%s', (_name, spec, taskCount) => {
    const kept = parsed(JSON.parse(keepTaskCount(text(spec), running)) as RawSpec);
    expect(kept.io.taskCount).toBe(taskCount);
  });

  it('keeps it in a flat spec', () => {
    const { spec, ...top } = aRawSpec();
    const flat = { ...top, ...(spec as RawSpec) };
    expect(parsed(JSON.parse(keepTaskCount(text(flat), running)) as RawSpec).io.taskCount).toBe(4);
  });

  it('has nothing to keep for a new supervisor', () => {
    const fresh = text(changed(aRawSpec(), 'spec.ioConfig.taskCount', gone));
    expect(keepTaskCount(fresh, null)).toBe(fresh);
  });
});
