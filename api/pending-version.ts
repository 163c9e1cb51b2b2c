/** A spec version that running groups have not taken on yet: which one, when it takes effect, and for which groups. */
import type { TakesEffect } from '../storage/supervisors.ts';
import type { GenerationRow, Store, SupervisorRow } from './store.ts';

export type PendingVersion = {
  readonly version: number;
  /** `now`: groups are being handed off because of it; `next`: each takes it on at its next rollover. */
  readonly takesEffect: TakesEffect;
  /** Groups that still read under an older version. */
  readonly groups: readonly number[];
};

/** Null: every group reads under a version that is as good as the newest. */
export async function pendingVersion(
  store: Store,
  row: SupervisorRow,
  generations: readonly GenerationRow[],
): Promise<PendingVersion | null> {
  const reading = generations.filter(({ state }) => state === 'reading');
  const oldest = Math.min(...reading.map(({ specVersion }) => specVersion));
  if (reading.length === 0 || oldest >= row.version) return null;
  const later = await store.versionEffects(row.supervisorId, oldest);
  const waiting = later.filter(({ takesEffect }) => takesEffect !== 'nothing');
  const newest = waiting.at(-1);
  if (newest === undefined) return null;
  return {
    version: newest.version,
    takesEffect: waiting.some(({ takesEffect }) => takesEffect === 'now') ? 'now' : 'next',
    groups: reading.filter(({ specVersion }) => specVersion < newest.version).map(({ key }) => key.groupId),
  };
}
