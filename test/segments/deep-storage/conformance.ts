/** What every deep storage must do; an adapter's test calls this with a way to open an empty one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pathPart } from '../../../domain/ids.ts';
import type { DeepStorage } from '../../../segments/deep-storage/deep-storage.ts';

export function deepStorageConformance(name: string, openEmpty: () => DeepStorage): void {
  describe(`${name} is a deep storage`, () => {
    let scratch = '';
    let files = 0;
    beforeAll(() => {
      scratch = mkdtempSync(join(tmpdir(), 'headgate-deep-'));
    });
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    function local(content: string): string {
      const path = join(scratch, `local-${files++}`);
      writeFileSync(path, content);
      return path;
    }

    async function fetched(storage: DeepStorage, path: string): Promise<string> {
      const to = join(scratch, `fetched-${files++}`);
      await storage.fetch(path, to);
      return readFileSync(to, 'utf8');
    }

    async function listed(storage: DeepStorage, prefix: string): Promise<string[]> {
      const paths: string[] = [];
      for await (const { path } of storage.list(prefix)) paths.push(path);
      return paths.sort();
    }

    test('what is put is there, whole', async () => {
      const storage = openEmpty();
      expect(
        await storage.put('wiki/20260101T000000Z_20260102T000000Z/p1/0.parquet', local('hello')),
      ).toEqual({ size: 5 });
      expect(await storage.stat('wiki/20260101T000000Z_20260102T000000Z/p1/0.parquet')).toEqual({ size: 5 });
      expect(await fetched(storage, 'wiki/20260101T000000Z_20260102T000000Z/p1/0.parquet')).toBe('hello');
      expect(await storage.put('empty/0.spill', local(''))).toEqual({ size: 0 });
    });

    test('a name is used once: the same content again is success, other content a conflict', async () => {
      const storage = openEmpty();
      await storage.put('a/0.parquet', local('one'));
      expect(await storage.put('a/0.parquet', local('one'))).toEqual({ size: 3 });
      await expect(storage.put('a/0.parquet', local('two'))).rejects.toMatchObject({
        code: 'STORAGE_CONFLICT',
      });
      expect(await fetched(storage, 'a/0.parquet')).toBe('one');
    });

    test('of many that put the same name at once, all with its content succeed and no other does', async () => {
      const storage = openEmpty();
      const results = await Promise.allSettled(
        Array.from({ length: 12 }, (_, at) =>
          storage.put('race/0.parquet', local(at % 2 === 0 ? 'even' : 'odd!')),
        ),
      );
      const content = await fetched(storage, 'race/0.parquet');
      results.forEach((result, at) => {
        const mine = (at % 2 === 0 ? 'even' : 'odd!') === content;
        if (result.status === 'fulfilled') expect(mine).toBe(true);
        else expect((result.reason as { code?: string }).code).toMatch(/^STORAGE_/);
      });
      expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
      expect(await listed(storage, '')).toEqual(['race/0.parquet']);
    });

    test('removing is idempotent, and nothing is left', async () => {
      const storage = openEmpty();
      await storage.put('gone/p/0.parquet', local('x'));
      await storage.remove('gone/p/0.parquet');
      await storage.remove('gone/p/0.parquet');
      expect(await storage.stat('gone/p/0.parquet')).toBeNull();
      expect(await listed(storage, '')).toEqual([]);
      await storage.put('gone/p/0.parquet', local('again'));
      expect(await fetched(storage, 'gone/p/0.parquet')).toBe('again');
    });

    test('a name that does not exist', async () => {
      const storage = openEmpty();
      expect(await storage.stat('no/0.parquet')).toBeNull();
      await expect(storage.fetch('no/0.parquet', join(scratch, 'never'))).rejects.toMatchObject({
        code: 'SEGMENT_CORRUPT',
        details: { missing: true },
      });
      expect(await listed(storage, 'no')).toEqual([]);
    });

    test('lists what is below a prefix', async () => {
      const storage = openEmpty();
      for (const path of ['a/b/0.parquet', 'a/c/0.parquet', 'ab/0.parquet'])
        await storage.put(path, local(path));
      expect(await listed(storage, '')).toEqual(['a/b/0.parquet', 'a/c/0.parquet', 'ab/0.parquet']);
      expect(await listed(storage, 'a/')).toEqual(['a/b/0.parquet', 'a/c/0.parquet']);
      for await (const { modifiedMs } of storage.list('ab'))
        expect(Math.abs(modifiedMs - Date.now())).toBeLessThan(60_000);
    });

    test('paths that could lead anywhere else are refused by every call', async () => {
      const storage = openEmpty();
      const hostile = [
        '',
        '/',
        '/etc/passwd',
        '..',
        '../x',
        'a/../../x',
        'a//b',
        'a/',
        './a',
        'a/.',
        '.hidden',
        'a\\..\\b',
        'a\u0000b',
        'a/b\n',
        'ü',
        'x'.repeat(251),
        `${'a/'.repeat(600)}b`,
        '~',
        'a b',
      ];
      for (const path of hostile) {
        expect(() => storage.locate(path), JSON.stringify(path)).toThrow(/deep storage: path/);
        await expect(storage.put(path, local('x'))).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' });
        await expect(storage.remove(path)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' });
        await expect(storage.stat(path)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT' });
      }
    });

    test('200 hostile data source names: none escapes, no two meet', async () => {
      const storage = openEmpty();
      const names = hostileNames();
      expect(names.length).toBe(200);
      for (const name of names) await storage.put(`${pathPart(name)}/0.parquet`, local(name));
      const paths = await listed(storage, '');
      expect(paths.length).toBe(200);
      for (const name of names) {
        expect(paths).toContain(`${pathPart(name)}/0.parquet`);
        expect(await fetched(storage, `${pathPart(name)}/0.parquet`)).toBe(name);
      }
    }, 60_000);
  });
}

/** Names that mean something to a shell, a path, SQL or a URL, and ones that differ only just. */
function hostileNames(): string[] {
  const seeds = [
    '..',
    '.',
    'a..',
    '..a',
    '...',
    'a b',
    'a%2Fb',
    'a%2fb',
    '%',
    '%%',
    '%2E%2E',
    '~',
    '$HOME',
    '`id`',
    ';rm',
    '|',
    '&',
    '*',
    '?',
    '[a]',
    '"',
    "'",
    '\\',
    '\\..\\',
    'C:',
    'con',
    'nul',
    '-rf',
    '--',
    '\u202e',
    'ü',
    'u\u0308',
    '日本',
    '\u{1f600}',
    'a.tmp',
    '0.parquet',
    '__proto__',
    'constructor',
    '_checkpoints',
    'select 1',
    '#',
    'a?b=c',
  ];
  const variants = (name: string): string[] => [
    name,
    `${name}.`,
    `x${name}`,
    `${name}\u00a0`,
    `${name}${name}`,
  ];
  return [...new Set(seeds.flatMap(variants))].slice(0, 200);
}
