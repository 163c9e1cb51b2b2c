import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  lutimesSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalDeepStorage } from '../../../segments/deep-storage/local.ts';
import { openDeepStorage } from '../../../segments/deep-storage/open.ts';
import { deepStorageConformance } from './conformance.ts';

let scratch = '';
let roots = 0;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'headgate-local-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function newRoot(): string {
  return join(scratch, `root-${roots++}`);
}

deepStorageConformance('a local folder', () => openLocalDeepStorage(newRoot()));

describe('a local folder', () => {
  function local(content: string): string {
    const path = join(scratch, `local-${roots++}`);
    writeFileSync(path, content);
    return path;
  }

  test('holds read-only files, whatever the umask, and nothing unfinished', async () => {
    const root = newRoot();
    const old = process.umask(0o077);
    try {
      await openLocalDeepStorage(root).put('a/b/0.parquet', local('x'));
    } finally {
      process.umask(old);
    }
    expect(statSync(join(root, 'a/b/0.parquet')).mode & 0o777).toBe(0o444);
    expect(readdirSync(join(root, 'a/b'))).toEqual(['0.parquet']);
  });

  test('goes on over what a killed put left: under its final name it is listed, put and removed', async () => {
    const root = newRoot();
    const storage = openLocalDeepStorage(root);
    mkdirSync(join(root, 'a'), { recursive: true });
    writeFileSync(join(root, 'a/0.parquet.tmp'), 'half', { mode: 0o444 });
    await expect(storage.put('a/0.parquet', local('whole'))).rejects.toThrow(/another process is storing/);
    utimesSync(join(root, 'a/0.parquet.tmp'), 0, 0);
    const listed = [];
    for await (const { path } of storage.list('')) listed.push(path);
    expect(listed).toEqual(['a/0.parquet']);
    expect(await storage.stat('a/0.parquet')).toBeNull();
    expect(await storage.put('a/0.parquet', local('whole'))).toEqual({ size: 5 });
    expect(readdirSync(join(root, 'a'))).toEqual(['0.parquet']);
    writeFileSync(join(root, 'a/1.parquet.tmp'), 'half');
    await storage.remove('a/1.parquet');
    expect(readdirSync(join(root, 'a'))).toEqual(['0.parquet']);
  });

  test('removes folders that become empty, and never its root', async () => {
    const root = newRoot();
    const storage = openLocalDeepStorage(root);
    await storage.put('a/b/c/0.parquet', local('x'));
    await storage.put('a/d/0.parquet', local('x'));
    await storage.remove('a/b/c/0.parquet');
    expect(readdirSync(join(root, 'a'))).toEqual(['d']);
    await storage.remove('a/d/0.parquet');
    expect(readdirSync(root)).toEqual([]);
  });

  test('puts while the folder is removed under its hands', async () => {
    const storage = openLocalDeepStorage(newRoot());
    const work = Array.from({ length: 40 }, async (_, at) => {
      await storage.put(`busy/${at}.spill`, local(String(at)));
      await storage.remove(`busy/${at}.spill`);
    });
    await expect(Promise.all(work)).resolves.toHaveLength(40);
  });

  test('does not follow a link that someone put in place of a file', async () => {
    const root = newRoot();
    const victim = local('victim');
    mkdirSync(join(root, 'a'), { recursive: true });
    symlinkSync(victim, join(root, 'a/0.parquet.tmp'));
    lutimesSync(join(root, 'a/0.parquet.tmp'), 0, 0);
    await openLocalDeepStorage(root).put('a/0.parquet', local('mine'));
    expect(statSync(victim).size).toBe('victim'.length);
    symlinkSync(victim, join(root, 'a/1.parquet'));
    expect(await openLocalDeepStorage(root).stat('a/1.parquet')).toBeNull();
  });

  test('that cannot be written is STORAGE_UNAVAILABLE, which is worth a retry', async () => {
    const root = newRoot();
    writeFileSync(root, 'a file where the folder should be');
    await expect(openLocalDeepStorage(root).put('a/0.parquet', local('x'))).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
    });
    chmodSync(root, 0o600);
    expect(existsSync(root)).toBe(true);
  });

  test('has file URIs', () => {
    const storage = openDeepStorage('file:///data/segments');
    expect(storage.uri('a%20b/0.parquet')).toBe('file:///data/segments/a%2520b/0.parquet');
    expect(storage.locate('a/0.parquet')).toBe('/data/segments/a/0.parquet');
  });
});

test('other addresses are refused by name', () => {
  expect(() => openDeepStorage('s3://bucket/prefix')).toThrow(/not supported yet/);
  expect(() => openDeepStorage('segments')).toThrow(/expected file:\/\/\/folder/);
});
