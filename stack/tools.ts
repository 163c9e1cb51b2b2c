/**
 * Programs of the user's machine: where they are, and one clear sentence about all that are missing.
 * The check runs before anything is downloaded, so that nobody waits minutes for a failure.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { HeadgateError } from '../domain/errors.ts';

export type Env = Readonly<Record<string, string | undefined>>;

const run = promisify(execFile);

/** The first executable of this name on PATH, links resolved. */
export function findOnPath(name: string, env: Env): string | null {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const found = executable(join(folder, name));
    if (found !== null) return found;
  }
  return null;
}

export function executable(path: string): string | null {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? realpathSync(path) : null;
  } catch {
    return null;
  }
}

/** Whatever a program says about its version, on either stream; null when it cannot be run. */
export async function versionText(file: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(file, [...args], { timeout: 30_000 });
    return `${stdout}\n${stderr}`.trim();
  } catch {
    return null;
  }
}

/** Major version of a Java runtime; null when `file` is none (macOS has a stub of that name). */
export async function javaMajor(file: string): Promise<number | null> {
  const text = await versionText(file, ['-version']);
  const major = /version "(?:1\.)?(\d+)/.exec(text ?? '')?.[1];
  return major === undefined ? null : Number(major);
}

/** One missing tool: what it is needed for, and every way out. */
export type Missing = { readonly tool: string; readonly forWhat: string; readonly remedy: string };

export function toolsMissing(missing: readonly Missing[]): HeadgateError {
  const sentences = missing.map(({ tool, forWhat, remedy }) => `${tool} for ${forWhat} (${remedy})`);
  return new HeadgateError(
    'TOOL_MISSING',
    `Not found on this machine: ${sentences.join('; ')}. Nothing was downloaded or started.`,
    { details: { missing: missing.map(({ tool }) => tool) } },
  );
}
