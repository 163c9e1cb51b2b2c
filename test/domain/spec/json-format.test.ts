/** What is wrong, or only worth a warning, in a json format and its flattenSpec. */
import { describe, expect, test } from 'vitest';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { checkSupervisorSpec } from '../../../formats/check-spec.ts';
import { aRawSpec, changed } from './raw-spec.ts';

const path = 'spec.ioConfig.inputFormat';

function problems(format: unknown): string {
  const result = parseSupervisorSpec(changed(aRawSpec(), path, format));
  return result.kind === 'ok' ? '' : describeProblems(result.problems);
}

function warnings(format: unknown): string {
  const result = parseSupervisorSpec(changed(aRawSpec(), path, format));
  return result.kind === 'ok' ? describeProblems(result.warnings) : 'invalid';
}

const fields = (...list: unknown[]): unknown => ({ type: 'json', flattenSpec: { fields: list } });
const field = { type: 'path', name: 'a', expr: '$.a' };

describe('flattenSpec', () => {
  test.each<[string, unknown, RegExp]>([
    ['no object', { type: 'json', flattenSpec: 'x' }, /flattenSpec: found "x", expected an object/],
    [
      'fields that are no list',
      { type: 'json', flattenSpec: { fields: 5 } },
      /fields: found 5, expected an array/,
    ],
    ['a field that is a number', fields(5), /fields\[0\]: found 5, expected a field name, or an object/],
    ['an empty name', fields(''), /fields\[0\]: found ""/],
    [
      'no type',
      fields({ name: 'a', expr: '$.a' }),
      /fields\[0\]\.type: found nothing, expected one of root, path/,
    ],
    ['an unknown type', fields({ ...field, type: 'xpath' }), /type: found "xpath"/],
    ['no name', fields({ type: 'root' }), /name: found nothing, expected the name/],
    ['no expr', fields({ ...field, expr: null }), /expr: found nothing, expected a JsonPath such as/],
    ['no program', fields({ type: 'jq', name: 'a' }), /expr: found nothing, expected a jq program/],
    [
      'no nodes',
      fields({ type: 'tree', name: 'a' }),
      /nodes: found nothing, expected field names from the outside/,
    ],
    ['empty nodes', fields({ type: 'tree', name: 'a', nodes: [] }), /nodes: found an empty array/],
    ['a node that is a number', fields({ type: 'tree', name: 'a', nodes: ['b', 5] }), /nodes\[1\]: found 5/],
    ['a name twice', fields('a', field), /fields\[1\]: found "a" a second time, expected each name once/],
  ])('%s', (_what, format, says) => {
    expect(problems(format)).toMatch(says);
  });

  test('a name nobody knows is a warning', () => {
    const format = { type: 'json', flattenSpec: { useFieldDiscovery: false, feilds: [] } };
    expect(warnings(format)).toMatch(/flattenSpec\.feilds: .*did you mean fields/);
  });
});

test('a path that does not compile is shown where it stands', () => {
  const broken = { type: 'path', name: 'a', expr: "$['a" };
  for (const [format, place] of [
    [{ type: 'json', flattenSpec: { fields: ['b', broken] } }, path],
    [
      { type: 'kafka', valueFormat: { type: 'json', flattenSpec: { fields: ['b', broken] } } },
      `${path}.valueFormat`,
    ],
  ] as const) {
    const result = checkSupervisorSpec(changed(aRawSpec(), path, format));
    expect(result.kind === 'invalid' ? describeProblems(result.problems) : '').toMatch(
      `${place}.flattenSpec.fields[1].expr: found "$['a", expected a JsonPath; ' is not closed at character 2`,
    );
  }
});

describe('featureSpec', () => {
  const features = (featureSpec: unknown, more: object = {}): unknown => ({
    type: 'json',
    featureSpec,
    ...more,
  });

  test('an unknown switch is refused, with the nearest', () => {
    expect(problems(features({ ALLOW_COMENTS: true }))).toMatch(
      /featureSpec\.ALLOW_COMENTS: .*did you mean ALLOW_COMMENTS/,
    );
    expect(problems(features({ ALLOW_WHATEVER: true }))).toMatch(/no switch of Jackson/);
    expect(problems(features({ ALLOW_COMMENTS: 'yes' }))).toMatch(
      /ALLOW_COMMENTS: found "yes", expected true or false/,
    );
    expect(problems(features('x'))).toMatch(/featureSpec: found "x", expected an object/);
  });

  test('a switch that has no effect is a warning', () => {
    expect(warnings(features({ ALLOW_COMMENTS: true }))).toMatch(/no effect without assumeNewlineDelimited/);
    expect(warnings(features({ ALLOW_COMMENTS: false, AUTO_CLOSE_SOURCE: true }))).toBe('');
    expect(warnings(features({ ALLOW_COMMENTS: true }, { assumeNewlineDelimited: true }))).toBe('');
  });
});

test('one way of reading at a time', () => {
  const format = { type: 'json', assumeNewlineDelimited: true, useJsonNodeReader: true };
  expect(problems(format)).toMatch(
    /useJsonNodeReader: found true, expected false, for assumeNewlineDelimited is true/,
  );
});
