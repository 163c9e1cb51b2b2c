/** A folder for one test, gone after it, that other users can pass through. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openForPassing } from '../../stack/postgres-user.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-stack-'));
  openForPassing(folder);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A program of a few lines of shell. */
export function fakeProgram(folder: string, name: string, lines: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return path;
}
