/** Small worlds for the tests of a supervisor's decisions. */
import { initialHealth } from '../../../domain/supervisor/health.ts';
import type { ObservedGeneration, ObservedGroup, Seen } from '../../../domain/supervisor/observation.ts';
import type { Settings } from '../../../domain/supervisor/settings.ts';
import { initialState } from '../../../domain/supervisor/state.ts';
import type { Known, SupervisorState } from '../../../domain/supervisor/state.ts';

export const now = 1_800_000_000_000;

export function someSettings(changes: Partial<Settings> = {}): Settings {
  return {
    specVersion: 1,
    dataSource: 'clicks',
    stream: 'clicks',
    taskCount: 1,
    replicas: 1,
    taskDurationMs: 3_600_000,
    periodMs: 30_000,
    startDelayMs: 0,
    useEarliestOffset: true,
    ...changes,
  };
}

export function someState(
  changes: { known?: Partial<Known> } & Partial<Omit<SupervisorState, 'known'>> = {},
) {
  const { known, ...rest } = changes;
  const state = initialState({
    supervisorId: 'clicks',
    specVersion: 1,
    queues: { control: 'c', ingest: 'i' },
    rolloverEvents: 2_000,
    nowMs: now,
  });
  return { ...state, ...rest, known: { ...state.known, settings: someSettings(), timeline: 't', ...known } };
}

export function someKnown(changes: Partial<Known> = {}): Known {
  return someState({ known: changes }).known;
}

export function someGeneration(changes: Partial<ObservedGeneration> = {}): ObservedGeneration {
  return {
    generation: 1,
    specVersion: 1,
    phase: 'reading',
    matchesWanted: true,
    createdAtMs: now,
    tasks: '1 running',
    ...changes,
  };
}

export function someGroup(changes: Partial<ObservedGroup> = {}): ObservedGroup {
  const live = changes.live ?? [];
  return {
    groupId: 0,
    partitions: 2,
    newestGeneration: Math.max(0, ...live.map((entry) => entry.generation)),
    seeded: true,
    heldByReading: live.some((entry) => entry.phase === 'reading'),
    unpublished: live.length,
    live,
    positions: '0:0 1:0',
    lag: 0,
    ...changes,
  };
}

export function someSeen(changes: Partial<Seen> = {}): Seen {
  return {
    kind: 'seen',
    atMs: now,
    version: 1,
    desired: 'running',
    settings: someSettings(),
    commitSeq: '0',
    timeline: 't',
    halted: null,
    stream: { kind: 'ok', partitions: 2 },
    unseeded: 0,
    firstDiscovery: false,
    groups: [someGroup()],
    troubles: [],
    lag: 0,
    lastPublishAtMs: null,
    ...changes,
  };
}

export const healthy = {
  ...initialHealth,
  detailed: 'RUNNING',
  everSucceeded: true,
  ranAtMs: now - 60_000,
} as const;
