/** Every wrong spec is refused at the place and in the words the table says, and by nothing else. */
import { describe, expect, it } from 'vitest';
import { describeProblems, parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { aRawSpec } from './raw-spec.ts';
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
});
