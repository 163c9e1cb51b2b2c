import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findOnPath, javaMajor, toolsMissing } from '../../stack/tools.ts';
import { fakeProgram, temporaryFolder } from './temporary.ts';

test('the first executable file on PATH counts, links resolved', () => {
  const folder = temporaryFolder();
  for (const name of ['a', 'b', 'c']) mkdirSync(join(folder, name));
  mkdirSync(join(folder, 'a', 'tool'));
  chmodSync(fakeProgram(join(folder, 'b'), 'tool', ''), 0o644);
  const real = fakeProgram(folder, 'real-tool', '');
  symlinkSync(real, join(folder, 'c', 'tool'));
  const path = ['a', 'b', '', 'c'].map((name) => name && join(folder, name)).join(':');
  expect(findOnPath('tool', { PATH: path })).toBe(real);
  expect(findOnPath('another', { PATH: path })).toBeNull();
  expect(findOnPath('tool', {})).toBeNull();
});

describe('javaMajor', () => {
  test.each([
    ['echo \'openjdk version "17.0.15" 2025-04-15\' >&2', 17],
    ['echo \'java version "1.8.0_391"\' >&2', 8],
    ['echo \'openjdk version "24" 2025-03-18\' >&2', 24],
    ['echo "Unable to locate a Java Runtime." >&2; exit 1', null],
  ])('%s', async (lines, major) => {
    expect(await javaMajor(fakeProgram(temporaryFolder(), 'java', lines))).toBe(major);
  });
});

test('all missing tools are one sentence, each with its remedy', () => {
  const error = toolsMissing([
    { tool: 'Go', forWhat: 'Temporal', remedy: 'install Go' },
    { tool: 'Maven', forWhat: 'Kafka', remedy: 'install Maven' },
  ]);
  expect(error.code).toBe('TOOL_MISSING');
  expect(error.message).toBe(
    'Not found on this machine: Go for Temporal (install Go); Maven for Kafka (install Maven). Nothing was downloaded or started.',
  );
});
