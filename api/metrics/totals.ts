/**
 * Sums over all of history, kept by adding what each scrape finds new: the totals of a process, not of Postgres. A process
 * that starts adds up everything once.
 *
 * A counter shown never falls while the process lives, neither at a rollover (what was unpublished is published in the same
 * snapshot) nor when a worker is lost and its task reads again from a checkpoint.
 */
import { addCounters, zeroCounters } from '../../domain/counters.ts';
import type { IngestCounters } from '../../domain/counters.ts';
import { nothingKnown } from '../../storage/metrics.ts';
import type { MetricsKnown, MetricsRows, PublishedRow } from '../../storage/metrics.ts';

export type GroupTotals = Omit<PublishedRow, 'supervisorId' | 'groupId'>;

export type EventTotals = { readonly count: number; readonly pauses: number; readonly pausedMs: number };

type SupervisorTotals = {
  readonly timeline: string;
  commitSeq: string;
  readonly groups: Map<number, GroupTotals>;
};

const none: GroupTotals = {
  counters: zeroCounters,
  sequences: 0,
  publishMs: 0,
  segments: 0,
  rows: 0,
  bytes: 0,
};
const noEvents: EventTotals = { count: 0, pauses: 0, pausedMs: 0 };

export class Totals {
  #supervisors = new Map<string, SupervisorTotals>();
  /** By supervisor, then state: up to `#tasksUntil`. */
  readonly #tasks = new Map<string, Map<string, number>>();
  readonly #events = new Map<string, Map<string, EventTotals>>();
  /** By supervisor, then series: the highest value shown. */
  readonly #shown = new Map<string, Map<string, number>>();
  #tasksUntil = nothingKnown.tasksUntil;
  #eventId = nothingKnown.eventId;

  get known(): MetricsKnown {
    const commits = [...this.#supervisors].map(([supervisorId, { timeline, commitSeq }]) => ({
      supervisorId,
      timeline,
      commitSeq,
    }));
    return { commits, tasksUntil: this.#tasksUntil, eventId: this.#eventId };
  }

  /** `rows` were read with `known`. */
  add(rows: MetricsRows): void {
    this.#supervisors = new Map(
      rows.supervisors.map(({ supervisorId, timeline, commitSeq }) => {
        const before = this.#supervisors.get(supervisorId);
        // Postgres was restored to an earlier point: its history is another one.
        const isOther = before !== undefined && before.timeline !== timeline;
        if (isOther) this.#shown.delete(supervisorId);
        const groups = before === undefined || isOther ? new Map<number, GroupTotals>() : before.groups;
        return [supervisorId, { timeline, commitSeq, groups }];
      }),
    );
    for (const { supervisorId, groupId, ...added } of rows.published) {
      const groups = this.#supervisors.get(supervisorId)?.groups;
      groups?.set(groupId, sum(groups.get(groupId) ?? none, added));
    }
    for (const { supervisorId, state, settled } of rows.endedTasks)
      into(this.#tasks, supervisorId).set(state, this.endedTasks(supervisorId, state) + settled);
    for (const { supervisorId, kind, ...added } of rows.events) {
      const before = into(this.#events, supervisorId).get(kind) ?? noEvents;
      into(this.#events, supervisorId).set(kind, {
        count: before.count + added.count,
        pauses: before.pauses + added.pauses,
        pausedMs: before.pausedMs + added.pausedMs,
      });
    }
    this.#tasksUntil = rows.tasksUntil;
    this.#eventId = rows.eventId;
  }

  groups(supervisorId: string): ReadonlyMap<number, GroupTotals> {
    return this.#supervisors.get(supervisorId)?.groups ?? new Map();
  }

  endedTasks(supervisorId: string, state: string): number {
    return this.#tasks.get(supervisorId)?.get(state) ?? 0;
  }

  events(supervisorId: string): ReadonlyMap<string, EventTotals> {
    return this.#events.get(supervisorId) ?? new Map();
  }

  /** The value to show for a counter: the highest so far. */
  notFalling(supervisorId: string, series: string, value: number): number {
    const shown = into(this.#shown, supervisorId);
    const highest = Math.max(value, shown.get(series) ?? 0);
    shown.set(series, highest);
    return highest;
  }
}

function into<Value>(map: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const found = map.get(key) ?? new Map<string, Value>();
  map.set(key, found);
  return found;
}

function sum(left: GroupTotals, right: GroupTotals): GroupTotals {
  return {
    counters: addCounters(left.counters, right.counters),
    sequences: left.sequences + right.sequences,
    publishMs: left.publishMs + right.publishMs,
    segments: left.segments + right.segments,
    rows: left.rows + right.rows,
    bytes: left.bytes + right.bytes,
  };
}

/** By group: what running tasks hold, of the furthest replica of each generation. */
export function heldByGroup(
  unpublished: MetricsRows['unpublished'],
  supervisorId: string,
): Map<number, IngestCounters> {
  const generations = new Map<string, { readonly groupId: number; counters: IngestCounters }>();
  for (const row of unpublished) {
    if (row.supervisorId !== supervisorId) continue;
    const key = `${row.groupId}/${row.generation}`;
    const other = generations.get(key);
    if (other === undefined) generations.set(key, { groupId: row.groupId, counters: row.counters });
    else if (row.counters.records > other.counters.records) other.counters = row.counters;
  }
  const groups = new Map<number, IngestCounters>();
  for (const { groupId, counters } of generations.values())
    groups.set(groupId, addCounters(groups.get(groupId) ?? zeroCounters, counters));
  return groups;
}
