/**
 * The processes of this system under the names of Druid's services, one row each, so that a join over `server` counts
 * nothing twice. An api process reads segments, as a historical does (and is router, broker, coordinator and overlord too);
 * an ingest worker runs tasks in threads, as an indexer does.
 */
import type { ProcessRow } from '../../storage/catalog.ts';
import { hostAndPort } from './address.ts';
import type { OwnProcess, SystemDeps, SystemRow } from './world.ts';

export const defaultTier = '_default_tier';

const withTier: readonly string[] = ['historical', 'indexer'];

/** `host:port` where it is known, else the name the process gave itself. */
export function serverName(process: Pick<ProcessRow, 'workerId' | 'address'>): string {
  const { location } = hostAndPort(process.address);
  return location ?? process.workerId;
}

export async function serverRows({ store, self }: Pick<SystemDeps, 'store' | 'self'>): Promise<SystemRow[]> {
  const [processes, bytes] = await Promise.all([store.processes(), store.availableBytes()]);
  const others = processes.filter(({ workerId }) => workerId !== self.workerId);
  return [ownEntry(self), ...others.map(entryOf)].map((entry) => row(entry, BigInt(bytes)));
}

/** What is published is served by the process that answers; what is running, by the workers that run it. */
export async function serverSegmentRows({
  store,
  self,
}: Pick<SystemDeps, 'store' | 'self'>): Promise<SystemRow[]> {
  const [running, processes] = await Promise.all([store.runningSequences(), store.processes()]);
  const segments = await store.usedSegments(null);
  const names = new Map(processes.map((process) => [process.workerId, serverName(process)]));
  return [
    ...segments.filter(({ available }) => available).map(({ segmentId }) => [self.server, segmentId]),
    ...running.flatMap(({ sequenceId, workerIds }) =>
      workerIds.map((workerId) => [names.get(workerId) ?? workerId, sequenceId]),
    ),
  ];
}

type Entry = {
  readonly server: string;
  readonly host: string;
  readonly port: number;
  readonly type: string;
  /** Null: it cannot lead. */
  readonly leads: boolean | null;
  readonly startedAt: string;
  readonly about: SystemRow;
};

/** Whoever is asked leads. */
function ownEntry(self: OwnProcess): Entry {
  const { host, port } = hostAndPort(self.server);
  return {
    server: self.server,
    host: host ?? self.server,
    port,
    type: 'historical',
    leads: true,
    startedAt: self.startedAt,
    about: [self.version, null, null, BigInt(self.processors), BigInt(self.memoryBytes)],
  };
}

function entryOf(process: ProcessRow): Entry {
  const { host, port } = hostAndPort(process.address);
  const server = serverName(process);
  const type = typeOf(process.role);
  return {
    server,
    host: host ?? server,
    port,
    type,
    leads: type === 'historical' ? false : null,
    startedAt: process.startedAt,
    about: [null, null, null, null, null],
  };
}

function typeOf(role: string): string {
  if (role === 'api') return 'historical';
  return role === 'ingest' ? 'indexer' : role;
}

function row(entry: Entry, bytes: bigint): SystemRow {
  return [
    entry.server,
    entry.host,
    BigInt(entry.port),
    -1n, // tls_port
    entry.type,
    withTier.includes(entry.type) ? defaultTier : null,
    entry.type === 'historical' ? bytes : 0n, // curr_size
    0n, // max_size: deep storage has no bound of ours
    null, // storage_size
    entry.leads === null ? null : entry.leads ? 1n : 0n,
    entry.startedAt,
    ...entry.about,
  ];
}
