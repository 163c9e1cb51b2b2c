/**
 * Deletes files nobody can commit any more (protocol.md 6): the row is marked and committed first, then the bytes go;
 * every listing deletes again what was linked late by a thawed process. If any check errors, nothing is deleted.
 */
import { reapIntents, reapedPaths, unknownPaths, unusedSegments } from '../../storage/reaper.ts';
import type { ControlDeps } from '../control-deps.ts';

/** `used = false` segments stay longer than any query runs. */
const killDelayMs = 60 * 60 * 1000;
/** Everything is listed when something was reaped, and every so often. */
const listEveryRounds = 4;
const batch = 500;

export async function reap(deps: ControlDeps, round: number, progress: () => void): Promise<number> {
  const reaped = await reapIntents(deps.pool, { graceMs: deps.reaperGraceMs });
  const retired = await unusedSegments(deps.pool, { killDelayMs });
  for (const path of [...reaped, ...retired]) {
    progress();
    await deps.deepStorage.remove(path);
  }
  if (reaped.length > 0 || round % listEveryRounds === 0) await sweep(deps, progress);
  return reaped.length;
}

async function sweep(deps: ControlDeps, progress: () => void): Promise<void> {
  let unknown = 0;
  let example: string | null = null;
  for await (const paths of batches(deps, progress)) {
    for (const path of await reapedPaths(deps.pool, paths)) await deps.deepStorage.remove(path);
    // Files without a row are reported and left alone: they may be somebody else's.
    const strangers = await unknownPaths(deps.pool, paths);
    unknown += strangers.length;
    example ??= strangers[0] ?? null;
  }
  if (unknown > 0) deps.log('warn', 'deep storage holds files without a row', { files: unknown, example });
}

async function* batches(deps: ControlDeps, progress: () => void): AsyncGenerator<string[]> {
  let paths: string[] = [];
  for await (const { path } of deps.deepStorage.list('')) {
    progress();
    paths.push(path);
    if (paths.length < batch) continue;
    yield paths;
    paths = [];
  }
  if (paths.length > 0) yield paths;
}
