/**
 * The HTTP server: body parsing, routes, one place for errors, a log line per request.
 *
 * Whatever is sent, the answer is JSON with a status that says whose fault it is, and the server lives on.
 */
import { randomBytes } from 'node:crypto';
import fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';
import { coordinatorRoutes } from './coordinator-routes.ts';
import type { CoordinatorDeps } from './coordinator-routes.ts';
import { druidErrorBody, plainErrorBody, toHttpError } from './errors.ts';
import { explainRoutes } from './explain.ts';
import { historyRoutes } from './history-routes.ts';
import { indexerRoutes } from './indexer-routes.ts';
import { parseJsonBody } from './json-body.ts';
import { orderListRoutes } from './order-list.ts';
import { orderRoutes } from './order-routes.ts';
import { openOrderSender } from './order-sender.ts';
import type { Order, OrderAnswer, OrderSender } from './order-sender.ts';
import { checkOrigin } from './origin.ts';
import { openMetrics } from './metrics-routes.ts';
import type { MetricsReader } from './metrics-routes.ts';
import { proxyRoutes } from './proxy-routes.ts';
import { laterRoutes } from './routes-later.ts';
import { addRoutes } from './routes.ts';
import { Sampler } from './sampler/take-sample.ts';
import { samplerRoutes } from './sampler-routes.ts';
import { sqlPath, sqlRoutes } from './sql-routes.ts';
import type { SqlDeps } from './sql-routes.ts';
import { statusRoutes } from './status-routes.ts';
import type { Properties } from './status-routes.ts';
import type { Store } from './store.ts';
import { supervisorRoutes } from './supervisor-routes.ts';
import { unknownSupervisor } from './supervisor-specs.ts';
import type { SupervisorStarter } from './supervisor-starter.ts';
import { taskRoutes } from './task-routes.ts';
import type { TaskStore } from './task-store.ts';

export type ApiDeps = SqlDeps & {
  readonly store: Store;
  readonly tasks: TaskStore;
  readonly readMetrics: MetricsReader;
  readonly starter: SupervisorStarter;
  readonly version: string;
  /** What the coordinator's and overlord's reads list. */
  readonly system: CoordinatorDeps;
  /** Effective settings, for `/status/properties`: see `shownProperties`. */
  readonly properties: Properties;
  /** Only callers of this machine may be meant: other Host names are refused (DNS rebinding). */
  readonly isLoopback: boolean;
  /** How long an order's outcome is waited for before it counts as taken only; absent: 15 s. */
  readonly orderPatienceMs?: number;
  /** Which variables a spec may name. */
  readonly secretEnvPrefixes: readonly string[];
  /** When a changed spec takes effect if the request does not say; absent: at the next rollover. */
  readonly rolloverOnUpdate?: 'now' | 'next';
};

const smallBodyMax = 64 * 1024;

export function createServer(deps: ApiDeps, logger?: FastifyBaseLogger): FastifyInstance {
  const server = fastify({
    ...(logger ? { loggerInstance: logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    bodyLimit: smallBodyMax,
    requestTimeout: 30_000,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_000 },
    // Long queries and waits hold connections; a stop must not wait for idle ones.
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
    genReqId: () => randomBytes(6).toString('hex'),
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  server.addHook('onRequest', async (request) => checkOrigin(request, deps.isLoopback));
  server.addHook('onResponse', async (request, reply) => logRequest(request, reply));
  server.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  server.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const error = new HeadgateError('REQUEST_INVALID', `${request.method} ${path}: no such path`, {
      details: { status: 404 },
    });
    return sendError(error, request, reply);
  });
  const sampler = new Sampler({ secretEnvPrefixes: deps.secretEnvPrefixes });
  server.addHook('onClose', () => sampler.close());
  const metrics = openMetrics(deps.readMetrics, {
    version: deps.version,
    onError: (error) => server.log.warn({ err: error }, 'the metrics could not be read'),
  });
  server.addHook('onClose', async () => metrics.close());
  const sender = openOrderSender(deps, { patienceMs: deps.orderPatienceMs });
  const routes = [
    ...statusRoutes(deps.version, deps.properties),
    ...supervisorRoutes({ ...deps, log: server.log }),
    ...orderRoutes({ store: deps.store, sender }),
    ...orderListRoutes(deps.store),
    ...explainRoutes(deps.store),
    ...historyRoutes(deps.store),
    ...metrics.routes,
    ...taskRoutes({ tasks: deps.tasks, sendOrder: (order) => sendTaskOrder(deps.store, sender, order) }),
    ...sqlRoutes(deps),
    ...coordinatorRoutes(deps.system),
    ...indexerRoutes(deps.system),
    ...samplerRoutes(sampler),
    ...laterRoutes(),
  ];
  addRoutes(server, [...routes, ...proxyRoutes(routes)]);
  return server;
}

/** A task outlives the spec under which it began: the workflow is told with the newest version. */
async function sendTaskOrder(
  store: Store,
  sender: OrderSender,
  order: Omit<Order, 'specVersion'>,
): Promise<OrderAnswer> {
  const row = await store.read(order.supervisorId);
  if (row === null) throw unknownSupervisor(order.supervisorId);
  return sender.send({ ...order, specVersion: row.version });
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const http = toHttpError(error, request.id);
  if (http.status >= 500) request.log.error({ err: error }, http.message);
  const isSql = pathOf(request).startsWith(sqlPath);
  const body = isSql ? druidErrorBody(http) : plainErrorBody(http);
  return reply.code(http.status).type('application/json').send(JSON.stringify(body));
}

/** No query string and no body: either may hold what nobody should read in a log. */
function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const ms = Math.round(reply.elapsedTime);
  request.log.info(
    { method: request.method, path: pathOf(request), status: reply.statusCode, ms },
    'request',
  );
}

function pathOf(request: FastifyRequest): string {
  const path = request.url.split('?')[0] ?? '';
  return path.length > 200 ? `${path.slice(0, 200)}...` : path;
}
