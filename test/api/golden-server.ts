/** The read-only neighbours alone, over a system in memory: routes, 405 and errors as in the whole server. */
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { coordinatorRoutes } from '../../api/coordinator-routes.ts';
import { plainErrorBody, toHttpError } from '../../api/errors.ts';
import { indexerRoutes } from '../../api/indexer-routes.ts';
import { proxyRoutes } from '../../api/proxy-routes.ts';
import { addRoutes } from '../../api/routes.ts';
import { shownProperties, statusRoutes } from '../../api/status-routes.ts';
import type { SystemStore } from '../../query/system-rows/world.ts';
import { aSystem, aSystemStore } from '../query/system-world.ts';

export function aNeighbourServer(store: SystemStore = aSystemStore()): FastifyInstance {
  const server = fastify({ routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_000 } });
  server.setErrorHandler((error, request, reply) => {
    const http = toHttpError(error, request.id);
    return reply
      .code(http.status)
      .type('application/json')
      .send(JSON.stringify(plainErrorBody(http)));
  });
  const system = aSystem(store);
  const properties = shownProperties([{ name: 'HEADGATE_API_PORT', value: 8888 }]);
  const routes = [
    ...statusRoutes('0.0.0', properties),
    ...coordinatorRoutes(system),
    ...indexerRoutes(system),
  ];
  addRoutes(server, [...routes, ...proxyRoutes(routes)]);
  return server;
}

export type Got = { readonly status: number; readonly type: string; readonly body: unknown };

/** Bodies that are no JSON are given as text, as in the recordings. */
export async function get(server: FastifyInstance, path: string): Promise<Got> {
  const answer = await server.inject({ method: 'GET', url: path, headers: { host: 'localhost:8081' } });
  return {
    status: answer.statusCode,
    type: String(answer.headers['content-type'] ?? '').split(';')[0] ?? '',
    body: parsed(answer.body),
  };
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}
