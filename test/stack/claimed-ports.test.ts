/** Free ports are not given to two living processes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const random = vi.hoisted(() => ({ ports: [] as number[] }));
vi.mock('node:crypto', async (original) => ({
  ...(await original<object>()),
  randomInt: () => random.ports.shift(),
}));

test('a port that another living process was given is passed over; one of a dead process is not', async () => {
  const { freePort } = await import('../../stack/ports.ts');
  const folder = join(tmpdir(), 'headgate-ports');
  mkdirSync(folder, { recursive: true });
  const [theirs, left] = [31_991, 31_992];
  // The parent lives as long as this test; nobody has the largest number.
  writeFileSync(join(folder, String(theirs)), String(process.ppid));
  writeFileSync(join(folder, String(left)), '4194303');
  random.ports.push(theirs, left);
  expect(await freePort()).toBe(left);
  for (const port of [theirs, left]) rmSync(join(folder, String(port)));
});
