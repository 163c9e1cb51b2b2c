/** Who is this and is it alive; Druid's `/status` paths. They ask nobody, so they answer whatever is down. */
import { sendJson } from './json-answer.ts';
import type { Route } from './routes.ts';

export function statusRoutes(version: string): Route[] {
  return [
    {
      method: 'GET',
      path: '/status',
      handle: async (_request, reply) => {
        const { heapTotal, heapUsed, rss, external } = process.memoryUsage();
        return sendJson(reply, {
          version,
          modules: [],
          memory: {
            maxMemory: rss,
            totalMemory: heapTotal,
            freeMemory: heapTotal - heapUsed,
            usedMemory: heapUsed,
            directMemory: external,
          },
        });
      },
    },
    { method: 'GET', path: '/status/health', handle: async (_request, reply) => sendJson(reply, true) },
    {
      method: 'GET',
      path: '/status/selfDiscovered/status',
      handle: async (_request, reply) => sendJson(reply, { selfDiscovered: true }),
    },
  ];
}
