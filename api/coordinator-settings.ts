/**
 * The coordinator's settings in Druid's shape. They are Druid's defaults and steer nothing here: segments are read from deep
 * storage, so nothing is loaded, balanced, replicated or compacted. They cannot be set.
 */
import { defaultTier } from '../query/system-rows/servers.ts';
import type { Members } from './coordinator-segments.ts';

/** One copy of each file, kept for ever. */
export const defaultRule: Members = {
  tieredReplicants: { [defaultTier]: 1 },
  useDefaultTierForNull: true,
  type: 'loadForever',
};

const intMax = 2_147_483_647;

export const balancingConfig: Members = {
  millisToWaitBeforeDeleting: 900_000,
  maxSegmentsToMove: 100,
  replicantLifetime: 15,
  replicationThrottleLimit: 500,
  balancerComputeThreads: 1,
  killDataSourceWhitelist: [],
  killTaskSlotRatio: 0.1,
  maxKillTaskSlots: intMax,
  killPendingSegmentsSkipList: [],
  maxSegmentsInNodeLoadingQueue: 500,
  decommissioningNodes: [],
  pauseCoordination: false,
  replicateAfterLoadTimeout: false,
  useRoundRobinSegmentAssignment: true,
  smartSegmentLoading: true,
  debugDimensions: null,
  turboLoadingNodes: [],
};

export const compactionConfig: Members = {
  compactionConfigs: [],
  compactionTaskSlotRatio: 0.1,
  maxCompactionTaskSlots: intMax,
  compactionPolicy: { type: 'newestSegmentFirst', priorityDatasource: null },
  useSupervisors: false,
  engine: 'native',
};

export const emptyCompactionStatus: Members = { latestStatus: [] };
