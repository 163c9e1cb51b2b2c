import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canEnter, openForPassing, postgresUser } from '../../stack/postgres-user.ts';
import { temporaryFolder } from './temporary.ts';

const stranger = { name: 'nobody', uid: 65_534, gid: 65_534 };

test('every folder on the way must be open to the user', () => {
  const folder = temporaryFolder();
  const inner = join(folder, 'closed', 'open');
  mkdirSync(inner, { recursive: true });
  chmodSync(join(folder, 'closed'), 0o700);
  expect(canEnter(folder, stranger)).toBe(true);
  expect(canEnter(inner, stranger)).toBe(false);
  expect(canEnter(join(inner, 'not', 'there', 'yet'), stranger)).toBe(false);
  expect(canEnter(inner, null)).toBe(true);
  openForPassing(join(folder, 'closed'));
  expect(canEnter(inner, stranger)).toBe(true);
  expect(statSync(join(folder, 'closed')).mode & 0o777).toBe(0o711);
});

test.runIf(process.getuid?.() === 0)('root becomes postgres, else nobody', () => {
  const file = join(temporaryFolder(), 'passwd');
  const nobody = 'nobody:x:65534:65534:nobody:/:/bin/false\n';
  writeFileSync(file, nobody);
  expect(postgresUser(file)).toEqual(stranger);
  writeFileSync(file, `${nobody}postgres:x:101:104::/:/bin/sh\n`);
  expect(postgresUser(file)).toEqual({ name: 'postgres', uid: 101, gid: 104 });
});

test.runIf(process.getuid?.() !== 0)('anybody else stays who they are', () => {
  expect(postgresUser()).toBeNull();
});
