/** The history is private, bounded, and never a reason to fail. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { History, historyEntriesMax, historyPath } from '../../../cli/sql/history.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-history-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('historyPath', () => {
  it('is in the state folder of the user', () => {
    expect(historyPath({ XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/headgate/sql_history');
    expect(historyPath({ HOME: '/h' })).toBe('/h/.local/state/headgate/sql_history');
    // The standard says that a relative one is to be ignored.
    expect(historyPath({ XDG_STATE_HOME: 's', HOME: '/h' })).toBe('/h/.local/state/headgate/sql_history');
    expect(historyPath({ HOME: '' })).toBeNull();
  });
});

describe('History', () => {
  it('comes back newest first, readable by nobody else', () => {
    const path = join(folder, 'new', 'headgate', 'sql_history');
    const history = new History(path);
    for (const entry of ['select 1;', ' select secret;', 'select\n2;', '', 'x'.repeat(10_001), 'select 3;'])
      history.add(entry);
    expect(new History(path).load()).toEqual(['select 3;', 'select 1;']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it('makes a file private that was not', () => {
    const path = join(folder, 'open');
    writeFileSync(path, 'select 1;\n', { mode: 0o644 });
    new History(path).load();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is made shorter when it has grown long', () => {
    const path = join(folder, 'long');
    const lines = Array.from({ length: 2 * historyEntriesMax + 1 }, (_, at) => `select ${at};`);
    writeFileSync(path, lines.join('\n'));
    const loaded = new History(path).load();
    expect([loaded.length, loaded[0]]).toEqual([historyEntriesMax, lines.at(-1)]);
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(historyEntriesMax);
  });

  it('does without when it cannot be read or written', () => {
    const path = join(folder, 'a-folder');
    mkdirSync(path);
    const history = new History(path);
    history.add('select 1;');
    expect(history.load()).toEqual([]);
    expect(new History(null).load()).toEqual([]);
  });
});
