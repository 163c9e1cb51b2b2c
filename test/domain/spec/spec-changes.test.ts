import { describe, expect, it } from 'vitest';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { checkSpecChange, mergeTaskCount } from '../../../domain/spec/spec-changes.ts';
import { decideUpdate } from '../../../domain/spec/spec-update.ts';
import type { SupervisorSpec } from '../../../domain/spec/spec.ts';
import { aRawSpec, changed, gone, type RawSpec } from './raw-spec.ts';

function parsed(raw: RawSpec): SupervisorSpec {
  const result = parseSupervisorSpec(raw);
  if (result.kind === 'invalid') throw new Error(describeProblems(result.problems));
  return result.spec;
}

const running = parsed(changed(aRawSpec(), 'spec.ioConfig.taskCount', 4));

describe('decideUpdate', () => {
  it('does not call the same what cannot be compared', () => {
    const next = aRawSpec();
    const update = decideUpdate({
      specText: JSON.stringify(next),
      spec: parsed(next),
      running: { specText: 'of another version', spec: running },
      rollover: 'next',
      skipIfUnmodified: true,
    });
    expect(update.kind).toBe('store');
  });
});

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
      /^spec\.ioConfig\.topic: found "other", expected "clicks-by-minute".*suspend.*reset.*terminate.*another id$/,
    );
  });

  it('takes a pattern for another source than the topic of the same text, both ways', () => {
    const withPattern = parsed(
      changed(
        changed(aRawSpec(), 'spec.ioConfig.topic', gone),
        'spec.ioConfig.topicPattern',
        'clicks-by-minute',
      ),
    );
    expect(describeProblems(checkSpecChange(running, withPattern))).toMatch(
      /^spec\.ioConfig\.topicPattern: found "clicks-by-minute", expected topic "clicks-by-minute"/,
    );
    expect(describeProblems(checkSpecChange(withPattern, running))).toMatch(
      /^spec\.ioConfig\.topic: found "clicks-by-minute", expected topicPattern "clicks-by-minute"/,
    );
    expect(checkSpecChange(withPattern, withPattern)).toEqual([]);
  });

  it('refuses another kind of stream', () => {
    const kinesis = { ...running, type: 'kinesis' } as unknown as SupervisorSpec;
    expect(checkSpecChange(running, kinesis).map((problem) => problem.path)).toEqual(['type']);
  });
});

describe('mergeTaskCount', () => {
  const io = 'spec.ioConfig';
  const scaler = { enableTaskAutoScaler: true, taskCountMin: 2, taskCountMax: 8 };
  const start = { ...scaler, taskCountStart: 3 };
  const merge = (raw: RawSpec, from: SupervisorSpec | null) =>
    mergeTaskCount(JSON.stringify(raw), parsed(raw), from);

  it.each<readonly [string, RawSpec, number]>([
    ['not written', aRawSpec(), 4],
    ['null', changed(aRawSpec(), `${io}.taskCount`, null), 4],
    ['written', changed(aRawSpec(), `${io}.taskCount`, 2), 2],
    ['written as the default', changed(aRawSpec(), `${io}.taskCount`, '1'), 1],
    ['not written, with an autoscaler', changed(aRawSpec(), `${io}.autoScalerConfig`, scaler), 4],
    ['not written, with a start', changed(aRawSpec(), `${io}.autoScalerConfig`, start), 3],
    [
      'written, with a start',
      changed(changed(aRawSpec(), `${io}.autoScalerConfig`, start), `${io}.taskCount`, 7),
      3,
    ],
    [
      'written, with the start of an autoscaler that is off',
      changed(
        changed(aRawSpec(), `${io}.autoScalerConfig`, { ...start, enableTaskAutoScaler: false }),
        `${io}.taskCount`,
        7,
      ),
      7,
    ],
  ])('%s: of a running spec with 4', (_name, raw, taskCount) => {
    const { specText, spec } = merge(raw, running);
    expect(spec.io.taskCount).toBe(taskCount);
    expect(parsed(JSON.parse(specText) as RawSpec)).toEqual(spec);
  });

  it.each<readonly [string, RawSpec, number]>([
    ['nothing', aRawSpec(), 1],
    ['an autoscaler', changed(aRawSpec(), `${io}.autoScalerConfig`, scaler), 2],
    ['a start', changed(aRawSpec(), `${io}.autoScalerConfig`, start), 3],
    ['taskCount', changed(changed(aRawSpec(), `${io}.autoScalerConfig`, scaler), `${io}.taskCount`, 7), 7],
  ])('a new supervisor with %s', (_name, raw, taskCount) => {
    const { specText, spec } = merge(raw, null);
    expect(spec.io.taskCount).toBe(taskCount);
    expect(specText).toBe(JSON.stringify(raw));
  });

  it('writes it into a flat spec', () => {
    const { spec, ...top } = aRawSpec();
    const { specText } = merge({ ...top, ...(spec as RawSpec) }, running);
    expect(parsed(JSON.parse(specText) as RawSpec).io.taskCount).toBe(4);
  });

  it('leaves a text that says so already as it came', () => {
    const text = JSON.stringify(changed(aRawSpec(), `${io}.taskCount`, 4), null, 3);
    expect(mergeTaskCount(text, running, running).specText).toBe(text);
  });
});

describe('a range', () => {
  const bounded = (start: number, end: number) =>
    parsed(
      changed(aRawSpec(), 'spec.ioConfig.boundedStreamConfig', {
        startSequenceNumbers: { 0: start },
        endSequenceNumbers: { 0: end },
      }),
    );

  it('may end elsewhere, but not start elsewhere: starts count only where nothing is stored', () => {
    expect(checkSpecChange(bounded(1, 5), bounded(1, 9))).toEqual([]);
    expect(checkSpecChange(bounded(1, 5), bounded(2, 5)).map(({ path }) => path)).toEqual([
      'spec.ioConfig.boundedStreamConfig.startSequenceNumbers',
    ]);
    expect(checkSpecChange(bounded(1, 5), parsed(aRawSpec()))).toEqual([]);
  });
});
