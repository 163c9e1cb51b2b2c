import { expect, test } from 'vitest';
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
