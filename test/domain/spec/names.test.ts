import { describe, expect, it } from 'vitest';
import { pathPart } from '../../../domain/ids.ts';
import { columnComplaint, nameComplaint, topicComplaint } from '../../../domain/spec/names.ts';

/** Names that try to leave a folder, to look like another name, or to break a path, a shell or a page. */
const hostileNames: readonly string[] = [
  ...['', '.', '..', '../x', '../../etc/passwd', '..\\x', 'a/b', '/a', 'a/', 'a\\b', './a', '.hidden', '...'],
  ...[
    'a\0',
    '\0',
    'a\nb',
    'a\rb',
    'a\tb',
    'a\u000bb',
    'a\u0085b',
    'a\u00a0b',
    'a\u2028b',
    'a\u3000b',
    '\ufeffa',
  ],
  ...[
    ' a',
    'a ',
    ' ',
    '  ',
    'a\u200bb',
    'a\u202eb',
    'a\u2066b',
    'a\u00adb',
    '\ud800',
    'a\udfff',
    'a\u{1F600}',
  ],
  ...['\ue000', '\uffff', '\ufff0', 'cafe\u0301', 'x'.repeat(201), 'é'.repeat(34)],
];

const fineNames: readonly string[] = [
  ...[
    'a',
    'wiki',
    'a b',
    'gé_b',
    'a.b',
    'a..b',
    '%2e%2e',
    'COM1',
    'A',
    "o'hara",
    'a:b',
    'a?b',
    'a#b',
    'a*',
    '$(x)',
    '日本',
  ],
  ...['x'.repeat(200), 'é'.repeat(33), '-', '~', 'caf\u00e9'],
];

describe('nameComplaint', () => {
  it.each(hostileNames)('refuses %j', (name) => {
    expect(nameComplaint(name)).toMatch(/^a name/);
  });

  it.each(fineNames)('takes %j', (name) => {
    expect(nameComplaint(name)).toBeNull();
  });

  it('lets no name through that leaves its folder or meets another one', () => {
    const parts = fineNames.map(pathPart);
    for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9_%-]+$/);
    expect(new Set(parts).size).toBe(fineNames.length);
  });
});

describe('columnComplaint', () => {
  it.each(['a', ' a', 'a b', 'a.b', '$x', 'a"b', "a'b", 'é', '\u{1F600}', '__x', 'x'.repeat(1000)])(
    'takes %j',
    (name) => {
      expect(columnComplaint(name)).toBeNull();
    },
  );

  it.each(['', 'a\0', 'a\nb', '\ud800', 'x'.repeat(1001)])('refuses %j', (name) => {
    expect(columnComplaint(name)).toMatch(/^a name/);
  });
});

describe('topicComplaint', () => {
  it.each(['a', 'a.b_c-D9', 'x'.repeat(249)])('takes %j', (name) => {
    expect(topicComplaint(name)).toBeNull();
  });

  it.each(['', '.', '..', 'a b', 'a/b', 'é', 'x'.repeat(250)])('refuses %j', (name) => {
    expect(topicComplaint(name)).toMatch(/topic name/);
  });
});
