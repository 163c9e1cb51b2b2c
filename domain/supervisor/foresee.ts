/**
 * What the next look will show, as far as an action's result or a group's report tells already. For people only: a
 * steady supervisor looks on without coming back for a quarter of an hour, and its page must not be that old. Plans
 * are made from real looks alone.
 */
import type { ObservedGeneration, ObservedGroup, Observation } from './observation.ts';
import type { GenerationRef, InboxItem } from './state.ts';

export function withCreated(observation: Observation | null, ref: GenerationRef): Observation | null {
  if (observation?.kind !== 'seen') return observation;
  const { atMs, version } = observation;
  const created: ObservedGeneration = {
    generation: ref.generation,
    specVersion: version,
    phase: 'reading',
    matchesWanted: true,
    createdAtMs: atMs,
    tasks: 'starting',
  };
  return changed(observation, ref, (group) => ({
    ...group,
    newestGeneration: ref.generation,
    heldByReading: true,
    live: [...group.live.filter((live) => live.generation !== ref.generation), created],
  }));
}

export function withReport(
  observation: Observation | null,
  item: Extract<InboxItem, { kind: 'report' }>,
): Observation | null {
  if (observation?.kind !== 'seen') return observation;
  const own = (live: ObservedGeneration) => live.generation === item.generation;
  switch (item.report) {
    case 'readingFinished':
      return changed(observation, item, (group) => ({
        ...group,
        live: group.live.map((live) => (own(live) ? { ...live, phase: 'publishing' } : live)),
      }));
    case 'done':
    case 'discarded':
      return changed(observation, item, (group) => ({
        ...group,
        live: group.live.filter((live) => !own(live)),
      }));
    case 'taskFailed':
      return observation;
  }
}

function changed(
  seen: Extract<Observation, { kind: 'seen' }>,
  ref: { readonly groupId: number },
  change: (group: ObservedGroup) => ObservedGroup,
): Observation {
  return {
    ...seen,
    groups: seen.groups.map((group) => (group.groupId === ref.groupId ? change(group) : group)),
  };
}
