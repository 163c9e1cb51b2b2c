/**
 * The processes of this system under the names of Druid's services. Every api process does what router, broker,
 * coordinator, overlord and historical do; an ingest worker runs tasks in threads, as an indexer does.
 */
import type { ProcessRow } from '../../storage/catalog.ts';
import { hostAndPort } from './address.ts';
import type { OwnProcess, SystemDeps, SystemRow } from './world.ts';

export const defaultTier = '_default_tier';

const apiTypes = ['broker', 'coordinator', 'historical', 'overlord', 'router'] as const;
const leading: readonly string[] = ['coordinator', 'overlord'];
const withTier: readonly string[] = ['historical', 'indexer'];

/** `host:port` where it is known, else the name the process gave itself. */
export function serverName(process: Pick<ProcessRow, 'workerId' | 'address'>): string {
  const { location } = hostAndPort(process.address);
  return location ?? process.workerId;
}

export async function serverRows({ store, self }: Pick<SystemDeps, 'store' | 'self'>): Promise<SystemRow[]> {
  const [processes, bytes] = await Promise.all([store.processes(), store.availableBytes()]);
  const others = processes.filter(({ workerId }) => workerId !== self.workerId);
  return [
    ...apiTypes.map((type) => row(ownEntry(self), type, BigInt(bytes))),
    ...others.flatMap((process) =>
      typesOf(process.role).map((type) => row(entryOf(process), type, BigInt(bytes))),
    ),
  ];
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
  readonly isSelf: boolean;
  readonly startedAt: string;
  readonly about: SystemRow;
};

function ownEntry(self: OwnProcess): Entry {
  const { host, port } = hostAndPort(self.server);
  const about = [self.version, null, null, BigInt(self.processors), BigInt(self.memoryBytes)];
  return {
    server: self.server,
    host: host ?? self.server,
    port,
    isSelf: true,
    startedAt: self.startedAt,
    about,
  };
}

function entryOf(process: ProcessRow): Entry {
  const { host, port } = hostAndPort(process.address);
  const server = serverName(process);
  const about = [null, null, null, null, null];
  return { server, host: host ?? server, port, isSelf: false, startedAt: process.startedAt, about };
}

function typesOf(role: string): readonly string[] {
  if (role === 'api') return apiTypes;
  return [role === 'ingest' ? 'indexer' : role];
}

function row(entry: Entry, type: string, bytes: bigint): SystemRow {
  return [
    entry.server,
    entry.host,
    BigInt(entry.port),
    -1n, // tls_port
    type,
    withTier.includes(type) ? defaultTier : null,
    type === 'historical' ? bytes : 0n, // curr_size
    0n, // max_size: deep storage has no bound of ours
    null, // storage_size
    leading.includes(type) ? (entry.isSelf ? 1n : 0n) : null,
    entry.startedAt,
    ...entry.about,
  ];
}
