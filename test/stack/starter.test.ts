import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { signal } from '../../stack/processes.ts';
import { upToNpm } from '../../stack/starter.ts';
import { waitFor } from '../support/wait-for.ts';
import { temporaryFolder } from './temporary.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** `npm run dev` in a package of one script, which runs npm-child.ts behind a shell. */
async function npmRun(): Promise<{ npm: number; journal: string }> {
  const folder = temporaryFolder();
  const journal = join(folder, 'journal');
  const child = join(root, 'test', 'stack', 'npm-child.ts');
  const dev = `node -e 0 && cd '${root}' && node --import tsx '${child}' '${journal}'`;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'x', scripts: { dev } }));
  const npm = spawn('npm', ['run', '--silent', 'dev'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = (await once(npm.stdout, 'data')) as [Buffer];
  const pid = Number(/pid (\d+)/.exec(said.toString())?.[1]);
  onTestFinished(() => signal(pid, 'SIGKILL'));
  if (npm.pid === undefined) throw new Error('npm did not start');
  return { npm: npm.pid, journal };
}

test.each(['SIGTERM', 'SIGKILL'] as const)('%s to npm is noticed, though it never arrives', async (name) => {
  const { npm, journal } = await npmRun();
  expect(existsSync(journal)).toBe(false);
  process.kill(npm, name);
  await waitFor(() => existsSync(journal), { what: 'the child to notice' });
});

test('who has no npm above watches nobody', () => {
  expect(upToNpm(1)).toEqual([]);
});
