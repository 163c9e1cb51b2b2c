/**
 * What becomes of a spec that is posted: refused, nothing to do, or a new version and when it takes effect.
 *
 * Druid stops everything at each update, also at one that changes nothing. Here tasks go on unless what they do has changed,
 * and then at their next rollover, unless it is wished for at once.
 */
import type { Json } from '../json.ts';
import type { Problem } from './problem.ts';
import { checkSpecChange, mergeTaskCount } from './spec-changes.ts';
import { changeNeeds, specDifferences, type SpecDifference } from './spec-differences.ts';
import type { SupervisorSpec } from './spec.ts';

/** When groups of older versions make way: at once, each at its next rollover, or not because of it. */
export type TakesEffect = 'now' | 'next' | 'nothing';

export type SpecUpdate =
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'unmodified'; readonly note: string }
  | {
      readonly kind: 'store';
      readonly specText: string;
      readonly spec: SupervisorSpec;
      readonly takesEffect: TakesEffect;
      readonly differences: readonly SpecDifference[];
      readonly note: string;
    };

export type UpdateOrder = {
  readonly specText: string;
  readonly spec: SupervisorSpec;
  /** Null: there is none, it was terminated, or this version cannot read it. */
  readonly running: { readonly specText: string; readonly spec: SupervisorSpec } | null;
  readonly rollover: 'now' | 'next';
  /** Whoever says so leaves taskCount to the autoscaler too, as in Druid. */
  readonly skipIfUnmodified: boolean;
};

export function decideUpdate({ specText, spec, running, ...wishes }: UpdateOrder): SpecUpdate {
  const merged = mergeTaskCount(specText, spec, running?.spec ?? null);
  if (running === null) return first(merged);
  const problems = checkSpecChange(running.spec, spec);
  if (problems.length > 0) return { kind: 'refused', problems };
  // Null: it cannot be told in what they differ, so it is not said that they are the same.
  const told = specDifferences(running.specText, merged.specText);
  if (told?.length === 0) return { kind: 'unmodified', note: unmodifiedNote };
  const differences = told ?? [];
  if (wishes.skipIfUnmodified && told !== null && isScaleOnly(differences, running.spec, spec))
    return { kind: 'unmodified', note: scaleNote(running.spec.io.taskCount) };
  const takesEffect = effectOf(running.spec, merged.spec, wishes.rollover);
  return {
    kind: 'store',
    ...merged,
    takesEffect,
    differences,
    note: noteOf(takesEffect, running.spec, merged.spec),
  };
}

const unmodifiedNote =
  'it says what the stored one says: nothing was stored, and nothing is interrupted; to make groups publish now, use taskGroups/handoff';

function scaleNote(taskCount: number): string {
  return `only taskCount differs, which the autoscaler has set to ${taskCount}: nothing was stored`;
}

function first(merged: { readonly specText: string; readonly spec: SupervisorSpec }): SpecUpdate {
  const note = merged.spec.suspended
    ? 'it is suspended: nothing is read until it is resumed'
    : 'the supervisor starts with it';
  return { kind: 'store', ...merged, takesEffect: 'now', differences: [], note };
}

function isScaleOnly(
  differences: readonly SpecDifference[],
  running: SupervisorSpec,
  next: SupervisorSpec,
): boolean {
  const isScaled = running.io.autoScaler !== null || next.io.autoScaler !== null;
  return isScaled && differences.every(({ path }) => path === 'spec.ioConfig.taskCount');
}

function effectOf(running: SupervisorSpec, next: SupervisorSpec, rollover: 'now' | 'next'): TakesEffect {
  if (running.suspended !== next.suspended) return 'now';
  return changeNeeds(running, next) === 'nothing' ? 'nothing' : rollover;
}

function noteOf(takesEffect: TakesEffect, running: SupervisorSpec, next: SupervisorSpec): string {
  if (running.suspended !== next.suspended)
    return next.suspended
      ? 'groups that read publish and stop; nothing is read until it is resumed'
      : 'reading goes on from the stored positions';
  if (takesEffect === 'nothing') return 'no task has to change for it: nothing is interrupted';
  if (next.suspended) return 'it is suspended, and will go on with this when it is resumed';
  if (takesEffect === 'now')
    return 'groups that read publish what they have and go on with it at once; no record is read twice';
  return 'each group goes on with it from its next rollover, within taskDuration; ?rollover=now does so at once';
}

const shownMost = 6;

/** The line of the story: what changed, when it takes effect, by whom. */
export function describeUpdate(
  update: Extract<SpecUpdate, { kind: 'store' }>,
  told: { readonly version: number; readonly by: string },
): string {
  const { differences, note } = update;
  const shown = differences.slice(0, shownMost).map(describeDifference);
  const left = differences.length - shown.length;
  const what = [...shown, ...(left > 0 ? [`${left} more`] : [])].join(', ');
  return `spec version ${told.version} was stored by ${told.by}${what === '' ? '' : `: ${what}`}; ${note}`;
}

/** Numbers and words with both values; of anything larger only the place. */
function describeDifference({ path, before, after }: SpecDifference): string {
  const place = path.replace(/^spec\.(ioConfig|tuningConfig|dataSchema)\./, '');
  return isShort(before) && isShort(after)
    ? `${place} ${JSON.stringify(before)} -> ${JSON.stringify(after)}`
    : place;
}

function isShort(value: Json): boolean {
  return typeof value !== 'object' ? String(value).length <= 40 : value === null;
}
