/**
 * `/druid/coordinator/v1`, reads only: what is published, what of it can be read, and by whom. Real data comes from
 * Postgres; rules, tiers and balancing have one fixed answer, because deep storage is read directly and nothing is loaded.
 */
import { publishedSegments } from '../query/system-rows/segments.ts';
import type { PublishedSegment } from '../query/system-rows/segments.ts';
import { defaultTier, serverName } from '../query/system-rows/servers.ts';
import type { SystemDeps } from '../query/system-rows/world.ts';
import {
  balancingConfig,
  compactionConfig,
  defaultRule,
  emptyCompactionStatus,
} from './coordinator-settings.ts';
import { bySource, bytesOf, dataSegment } from './coordinator-segments.ts';
import type { Members } from './coordinator-segments.ts';
import { datasourceRoutes } from './datasource-routes.ts';
import { sendJson } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { nameIn, ownUrl, sendNothing, sendText } from './neighbour-answers.ts';
import { hasQuery } from './routes.ts';
import type { Request, Route } from './routes.ts';

const base = '/druid/coordinator/v1';

export type CoordinatorDeps = Pick<SystemDeps, 'store' | 'storage' | 'self'>;

export function coordinatorRoutes(deps: CoordinatorDeps): Route[] {
  return [
    ...leaderRoutes(deps),
    ...datasourceRoutes(deps),
    ...loadRoutes(deps),
    ...serverRoutes(deps),
    ...settingRoutes(),
    ...lookupRoutes(),
  ];
}

function get(path: string, handle: Route['handle']): Route {
  return { method: 'GET', path: base + path, handle };
}

/** Paths whose answer asks nobody. */
function fixed(path: string, answer: (request: Request) => Answer): Route {
  return get(path, (request, reply) => sendJson(reply, answer(request)));
}

function leaderRoutes({ self }: CoordinatorDeps): Route[] {
  return [
    get('/leader', (request, reply) => sendText(reply, ownUrl(request, self.server))),
    fixed('/isLeader', () => ({ leader: true })),
  ];
}

function loadRoutes(deps: CoordinatorDeps): Route[] {
  return [
    get('/loadstatus', async (request, reply) => {
      const left = [...bySource(await publishedSegments(deps, null))].map(
        ([name, segments]) => [name, segments.length, unavailable(segments).length] as const,
      );
      const counts = Object.fromEntries(left.map(([name, , missing]) => [name, missing]));
      if (hasQuery(request, 'simple')) return sendJson(reply, counts);
      if (hasQuery(request, 'full')) return sendJson(reply, { [defaultTier]: counts });
      const shares = left.map(([name, all, missing]) => [name, (100 * (all - missing)) / all]);
      return sendJson(reply, Object.fromEntries(shares) as Members);
    }),
    get('/loadqueue', async (request, reply) => {
      const toLoad = unavailable(await publishedSegments(deps, null));
      return sendJson(reply, { [deps.self.server]: loadQueue(request, toLoad) });
    }),
  ];
}

/** What waits to be verified; nothing is ever dropped from a server. */
function loadQueue(request: Request, toLoad: readonly PublishedSegment[]): Answer {
  if (hasQuery(request, 'simple'))
    return {
      segmentsToLoad: toLoad.length,
      segmentsToDrop: 0,
      segmentsToLoadSize: bytesOf(toLoad),
      segmentsToDropSize: 0,
      expectedLoadTimeMillis: 0,
    };
  const isFull = hasQuery(request, 'full');
  return {
    segmentsToLoad: toLoad.map((segment) => (isFull ? dataSegment(segment) : segment.segmentId)),
    segmentsToDrop: [],
  };
}

function unavailable(segments: readonly PublishedSegment[]): PublishedSegment[] {
  return segments.filter(({ available }) => !available);
}

type Server = {
  readonly host: string;
  readonly type: 'historical' | 'indexer-executor';
  readonly segments: readonly PublishedSegment[];
};

/** Published segments are read by api processes; ingest workers hold rows that are no segments yet. */
async function serversOf(deps: CoordinatorDeps): Promise<Server[]> {
  const [segments, processes] = await Promise.all([publishedSegments(deps, null), deps.store.processes()]);
  const workers = processes.filter(({ role }) => role === 'ingest');
  return [
    ...workers.map((worker): Server => ({
      host: serverName(worker),
      type: 'indexer-executor',
      segments: [],
    })),
    {
      host: deps.self.server,
      type: 'historical',
      segments: segments.filter(({ available }) => available),
    },
  ];
}

function serverRoutes(deps: CoordinatorDeps): Route[] {
  const find = async (request: Request): Promise<Server | undefined> => {
    const name = nameIn(request, 'server');
    return (await serversOf(deps)).find(({ host }) => host === name);
  };
  return [
    get('/servers', async (request, reply) => {
      const servers = await serversOf(deps);
      if (hasQuery(request, 'full')) return sendJson(reply, servers.map(fullServer));
      if (hasQuery(request, 'simple')) return sendJson(reply, servers.map(simpleServer));
      return sendJson(
        reply,
        servers.map(({ host }) => host),
      );
    }),
    get('/servers/:server', async (request, reply) => {
      const server = await find(request);
      if (server === undefined) return sendNothing(reply, 404);
      return sendJson(reply, hasQuery(request, 'simple') ? simpleServer(server) : fullServer(server));
    }),
    get('/servers/:server/segments', async (request, reply) => {
      const server = await find(request);
      if (server === undefined) return sendNothing(reply, 404);
      const isFull = hasQuery(request, 'full');
      return sendJson(
        reply,
        server.segments.map((segment) => (isFull ? dataSegment(segment) : segment.segmentId)),
      );
    }),
    get('/tiers', async (request, reply) => {
      if (!hasQuery(request, 'simple')) return sendJson(reply, [defaultTier]);
      const currSize = BigInt(await deps.store.availableBytes());
      return sendJson(reply, { [defaultTier]: { currSize, maxSize: 0 } });
    }),
    get('/tiers/:tier', async (request, reply) => {
      if (nameIn(request, 'tier') !== defaultTier) return sendJson(reply, []);
      return sendJson(reply, await deps.store.segmentDataSources({ includeUnused: false }));
    }),
  ];
}

function simpleServer({ host, type, segments }: Server): Members {
  return { host, tier: defaultTier, type, priority: 0, currSize: bytesOf(segments), maxSize: 0 };
}

function fullServer(server: Server): Members {
  const segments = server.segments.map((segment) => [segment.segmentId, dataSegment(segment)] as const);
  return { ...simpleServer(server), segments: Object.fromEntries(segments) };
}

function settingRoutes(): Route[] {
  return [
    fixed('/rules', () => ({ _default: [defaultRule] })),
    fixed('/rules/history', () => []),
    fixed('/rules/:dataSource', (request) =>
      nameIn(request, 'dataSource') === '_default' || hasQuery(request, 'full') ? [defaultRule] : [],
    ),
    fixed('/rules/:dataSource/history', () => []),
    fixed('/config', () => balancingConfig),
    fixed('/config/history', () => []),
    fixed('/config/compaction', () => compactionConfig),
    get('/config/compaction/:dataSource', (_request, reply) => sendNothing(reply, 404)),
    fixed('/compaction/status', () => emptyCompactionStatus),
  ];
}

/** There are no lookups; Druid says so in three ways. */
function lookupRoutes(): Route[] {
  const none = { error: 'No lookups found' };
  return [
    get('/lookups/status', (_request, reply) => sendJson(reply, none, 404)),
    get('/lookups/config', (request, reply) =>
      hasQuery(request, 'discover') ? sendJson(reply, ['__default']) : sendJson(reply, none, 404),
    ),
    get('/lookups/config/:tier', (_request, reply) => sendNothing(reply, 404)),
  ];
}
