/** Who is this and is it alive; Druid's `/status` paths. They ask nobody, so they answer whatever is down. */
import { sendJson } from './json-answer.ts';
import { sendNothing } from './neighbour-answers.ts';
import type { Route } from './routes.ts';

export type Properties = Readonly<Record<string, string>>;

export function statusRoutes(version: string, properties: Properties = {}): Route[] {
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
    // For load balancers: the status says it all.
    { method: 'GET', path: '/status/selfDiscovered', handle: (_request, reply) => sendNothing(reply, 200) },
    { method: 'GET', path: '/status/properties', handle: (_request, reply) => sendJson(reply, properties) },
  ];
}

export type EffectiveSetting = {
  readonly name: string;
  readonly value: unknown;
  readonly secret?: boolean | undefined;
};

/** Settings as they are in effect. Secrets are left out, and no address keeps a user, a password or a query string. */
export function shownProperties(settings: readonly EffectiveSetting[]): Properties {
  const shown = settings
    .filter(({ secret, value }) => secret !== true && value !== null && value !== undefined)
    .map(({ name, value }) => [name, withoutCredentials(String(value))] as const);
  return Object.fromEntries(shown);
}

function withoutCredentials(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  if (!URL.canParse(text)) return 'not shown';
  const url = new URL(text);
  if (!url.username && !url.password && !url.search && !url.hash) return text;
  url.username = '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}
