/**
 * Data sources and their published segments, as the coordinator lists them (`datasources`: what can be read;
 * `metadata`: what Postgres has) and as the broker does (`/druid/v2/datasources/:name`).
 */
import type { FastifyReply } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';
import { publishedSegments } from '../query/system-rows/segments.ts';
import type { PublishedSegment } from '../query/system-rows/segments.ts';
import { defaultTier } from '../query/system-rows/servers.ts';
import type { SystemDeps } from '../query/system-rows/world.ts';
import {
  byInterval,
  bySource,
  bytesOf,
  dataSegment,
  liesWithin,
  overlaps,
  parseInterval,
  segmentStatus,
  sourceSummary,
} from './coordinator-segments.ts';
import type { Members } from './coordinator-segments.ts';
import { sendJson } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { nameIn, sendList, sendNothing, sendText } from './neighbour-answers.ts';
import { hasQuery, queryValue } from './routes.ts';
import type { Request, Route } from './routes.ts';

const base = '/druid/coordinator/v1';
const one = `${base}/datasources/:dataSource`;
const metadata = `${base}/metadata`;

type Deps = Pick<SystemDeps, 'store' | 'storage' | 'self'>;
type OfSource = (segments: PublishedSegment[], request: Request) => Answer;

export function datasourceRoutes(deps: Deps): Route[] {
  return [...listRoutes(deps), ...oneRoutes(deps), ...metadataRoutes(deps), brokerRoute(deps)];
}

function listRoutes(deps: Deps): Route[] {
  return [
    {
      method: 'GET',
      path: `${base}/datasources`,
      handle: async (request, reply) => {
        const isFull = hasQuery(request, 'full');
        if (!isFull && !hasQuery(request, 'simple'))
          return sendJson(reply, await deps.store.segmentDataSources({ includeUnused: false }));
        const sources = [...bySource(await publishedSegments(deps, null))];
        return sendJson(
          reply,
          sources.map(([name, segments]) =>
            isFull
              ? fullSource(name, segments, { client: 'side' })
              : { name, properties: sourceSummary(segments) },
          ),
        );
      },
    },
  ];
}

/** A data source without a published segment is unknown: 204 under `datasources`, 404 under `metadata`, as in Druid. */
function ofSource(deps: Deps, path: string, unknown: 204 | 404, answer: OfSource): Route {
  return {
    method: 'GET',
    path,
    handle: async (request, reply) => {
      const segments = await publishedSegments(deps, [nameIn(request, 'dataSource')]);
      if (segments.length === 0) return sendNothing(reply, unknown);
      const body = answer(segments, request);
      return Array.isArray(body) ? sendList(reply, body as Answer[]) : sendJson(reply, body);
    },
  };
}

function oneRoutes(deps: Deps): Route[] {
  return [
    ofSource(deps, one, 204, (segments, request) =>
      hasQuery(request, 'full')
        ? fullSource(nameIn(request, 'dataSource'), segments, {})
        : sourceSummary(segments),
    ),
    ofSource(deps, `${one}/intervals`, 204, (segments, request) =>
      hasQuery(request, 'full') || hasQuery(request, 'simple')
        ? intervalSums(deps, segments, request)
        : byInterval(segments).map(([interval]) => interval),
    ),
    ofSource(deps, `${one}/intervals/:interval`, 204, (segments, request) => {
      const interval = parseInterval(nameIn(request, 'interval'));
      const inside = segments.filter((segment) => liesWithin(segment, interval));
      return hasQuery(request, 'full') || hasQuery(request, 'simple')
        ? intervalSums(deps, inside, request)
        : inside.map(({ segmentId }) => segmentId).sort();
    }),
    ofSource(deps, `${one}/segments`, 204, idsOrSegments),
    segmentRoute(deps, `${one}/segments/:segmentId`, 204, (segment) => withServers(deps, segment)),
    ofSource(deps, `${one}/tiers`, 204, () => [defaultTier]),
    {
      method: 'GET',
      path: `${one}/loadstatus`,
      handle: (request, reply) => loadStatus(deps, request, reply),
    },
  ];
}

const twoWeeksMs = 14 * 86_400_000;

/** Druid looks at the last two weeks unless told otherwise, and wants to be asked with `forceMetadataRefresh`. */
async function loadStatus(deps: Deps, request: Request, reply: FastifyReply): Promise<FastifyReply> {
  if (!hasQuery(request, 'forceMetadataRefresh'))
    throw new HeadgateError(
      'REQUEST_INVALID',
      'Invalid request. forceMetadataRefresh must be specified: found nothing, expected true or false',
    );
  const name = nameIn(request, 'dataSource');
  const wanted = queryValue(request, 'interval');
  const nowMs = Date.now();
  const interval = wanted === null ? { fromMs: nowMs - twoWeeksMs, toMs: nowMs } : parseInterval(wanted);
  const all = await publishedSegments(deps, [name]);
  if (all.length === 0) return sendNothing(reply, 204);
  const segments = all.filter((segment) => overlaps(segment, interval));
  if (segments.length === 0)
    return sendText(reply, 'No used segment found for the given datasource and interval');
  const left = segments.filter(({ available }) => !available).length;
  if (hasQuery(request, 'full')) return sendJson(reply, { [defaultTier]: { [name]: left } });
  const share = (100 * (segments.length - left)) / segments.length;
  return sendJson(reply, { [name]: hasQuery(request, 'simple') ? left : share });
}

function metadataRoutes(deps: Deps): Route[] {
  return [
    {
      method: 'GET',
      path: `${metadata}/datasources`,
      handle: async (request, reply) => {
        const includeUnused = hasQuery(request, 'includeUnused') || hasQuery(request, 'includeDisabled');
        if (includeUnused || !hasQuery(request, 'full'))
          return sendJson(reply, await deps.store.segmentDataSources({ includeUnused }));
        const sources = [...bySource(await publishedSegments(deps, null))];
        return sendJson(
          reply,
          sources.map(([name, segments]) => fullSource(name, segments, {})),
        );
      },
    },
    ofSource(deps, `${metadata}/datasources/:dataSource`, 404, (segments, request) =>
      fullSource(nameIn(request, 'dataSource'), segments, {}),
    ),
    ofSource(deps, `${metadata}/datasources/:dataSource/segments`, 404, idsOrSegments),
    segmentRoute(deps, `${metadata}/datasources/:dataSource/segments/:segmentId`, 404, dataSegment),
    {
      method: 'GET',
      path: `${metadata}/segments`,
      handle: async (request, reply) => {
        const withStatus = hasQuery(request, 'includeOvershadowedStatus');
        if (hasQuery(request, 'includeRealtimeSegments') && !withStatus)
          throw new HeadgateError(
            'REQUEST_INVALID',
            'includeRealtimeSegments: found without includeOvershadowedStatus, expected both',
          );
        const segments = await publishedSegments(deps, namesWanted(request));
        return sendList(reply, segments.map(withStatus ? segmentStatus : dataSegment));
      },
    },
  ];
}

function namesWanted(request: Request): readonly string[] | null {
  const names = Object.hasOwn(request.query, 'datasources') ? request.query['datasources'] : undefined;
  return names === undefined ? null : [names].flat().filter((name) => !name.includes('\0'));
}

function segmentRoute(
  deps: Deps,
  path: string,
  unknown: 204 | 404,
  answer: (segment: PublishedSegment) => Answer,
): Route {
  return {
    method: 'GET',
    path,
    handle: async (request, reply) => {
      const wanted = nameIn(request, 'segmentId');
      const segments = await publishedSegments(deps, [nameIn(request, 'dataSource')]);
      const segment = segments.find(({ segmentId }) => segmentId === wanted);
      return segment === undefined ? sendNothing(reply, unknown) : sendJson(reply, answer(segment));
    },
  };
}

const idsOrSegments: OfSource = (segments, request) =>
  segments.map((segment) => (hasQuery(request, 'full') ? dataSegment(segment) : segment.segmentId));

function intervalSums(deps: Deps, segments: PublishedSegment[], request: Request): Answer {
  const isFull = hasQuery(request, 'full');
  const entries = byInterval(segments).map(([interval, own]) => [
    interval,
    isFull
      ? Object.fromEntries(own.map((segment) => [segment.segmentId, withServers(deps, segment)]))
      : { size: bytesOf(own), count: own.length },
  ]);
  return Object.fromEntries(entries) as Members;
}

function withServers({ self }: Deps, segment: PublishedSegment): Members {
  return { metadata: dataSegment(segment), servers: segment.available ? [self.server] : [] };
}

function fullSource(name: string, segments: readonly PublishedSegment[], properties: Members): Members {
  return { name, properties, segments: segments.map(dataSegment) };
}

/** The broker's view: which columns a data source has; `full` by interval. */
function brokerRoute(deps: Deps): Route {
  return {
    method: 'GET',
    path: '/druid/v2/datasources/:dataSource',
    handle: async (request, reply) => {
      const wanted = queryValue(request, 'interval');
      const interval = wanted === null ? null : parseInterval(wanted);
      const all = await publishedSegments(deps, [nameIn(request, 'dataSource')]);
      const segments = interval === null ? all : all.filter((segment) => overlaps(segment, interval));
      if (!hasQuery(request, 'full')) return sendJson(reply, columnsOf(segments));
      const entries = byInterval(segments).map(([key, own]) => [key, columnsOf(own)] as const);
      return sendJson(reply, Object.fromEntries(entries));
    },
  };
}

function columnsOf(segments: readonly PublishedSegment[]): Members {
  return {
    dimensions: [...new Set(segments.flatMap(({ dimensions }) => dimensions))],
    metrics: [...new Set(segments.flatMap(({ metrics }) => metrics))],
  };
}
