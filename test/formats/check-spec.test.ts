import { describe, expect, test } from 'vitest';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';

const schema = 'spec.dataSchema';

function problems(path: string, value: unknown): readonly string[] {
  const result = checkSupervisorSpec(changed(aRawSpec(), path, value));
  if (result.kind === 'ok') return [];
  return result.problems.map(
    (problem) => `${problem.path}: found ${problem.found}, expected ${problem.expected}`,
  );
}

test('a pattern that cannot be read is refused where it stands', () => {
  expect(problems(`${schema}.timestampSpec.format`, 'yyyy-MM-ddThh')).toEqual([
    expect.stringMatching(
      /^spec\.dataSchema\.timestampSpec\.format: found "yyyy-MM-ddThh", expected .*"T" is none/,
    ),
  ]);
  expect(problems(`${schema}.timestampSpec.format`, "yyyy-MM-dd'T'hh")).toEqual([]);
});

test('a broken filter is refused at the place within it', () => {
  const broken = {
    type: 'and',
    fields: [{ type: 'true' }, { type: 'regex', dimension: 'page', pattern: '(' }],
  };
  expect(problems(`${schema}.transformSpec.filter`, broken)).toEqual([
    expect.stringMatching(/^spec\.dataSchema\.transformSpec\.filter\.fields\[1\]\.pattern: /),
  ]);
  expect(problems(`${schema}.transformSpec.filter`, { type: 'null', column: 'page' })).toEqual([]);
});

describe('topicPattern', () => {
  const io = 'spec.ioConfig';
  const base = changed(aRawSpec(), `${io}.topic`, null);
  const check = (more: Record<string, unknown>): readonly string[] => {
    const raw = Object.entries(more).reduce(
      (spec, [name, value]) => changed(spec, `${io}.${name}`, value),
      base,
    );
    const result = checkSupervisorSpec(raw);
    return result.kind === 'ok' ? [] : result.problems.map(({ path, expected }) => `${path}: ${expected}`);
  };
  const bounded = { startSequenceNumbers: { 'clicks-1:0': 1 }, endSequenceNumbers: { 'clicks-1:0': 1 } };

  test('is compiled as it will be matched', () => {
    expect(check({ topicPattern: 'clicks-\\d+' })).toEqual([]);
    expect(check({ topicPattern: 'clicks-(' })).toEqual([
      expect.stringMatching(/^spec\.ioConfig\.topicPattern: a regular expression of RE2/),
    ]);
    expect(check({ topicPattern: '(?=clicks).*' })).toEqual([
      expect.stringMatching(/topicPattern: .*without/),
    ]);
  });

  test('must match the topics that are named beside it, and not the one of dead letters', () => {
    expect(check({ topicPattern: 'clicks-\\d', boundedStreamConfig: bounded })).toEqual([]);
    expect(check({ topicPattern: 'click', boundedStreamConfig: bounded })).toEqual([
      `${io}.boundedStreamConfig.startSequenceNumbers: a partition of a topic that matches "click"`,
    ]);
    // Kafka's own topics, which no such pattern means.
    const own = { startSequenceNumbers: { '__own:0': 1 }, endSequenceNumbers: { '__own:0': 1 } };
    expect(check({ topicPattern: '.*', boundedStreamConfig: own })).toHaveLength(1);
    expect(check({ topicPattern: '__.*', boundedStreamConfig: own })).toEqual([]);
    expect(check({ topicPattern: '.*', deadLetters: { type: 'topic', topic: '__bad' } })).toEqual([]);
    const deadLetters = { type: 'topic', topic: 'clicks-bad' };
    expect(check({ topicPattern: 'clicks-\\d', deadLetters })).toEqual([]);
    expect(check({ topicPattern: 'clicks-.*', deadLetters })).toEqual([
      `${io}.deadLetters.topic: a topic that does not match "clicks-.*", which is read`,
    ]);
  });
});
