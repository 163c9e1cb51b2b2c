/**
 * `/proxy/coordinator/...` and `/proxy/overlord/...` of Druid's router: there is one process for all, so both are further
 * names of our own paths. Nothing is ever fetched from anywhere.
 */
import { HeadgateError } from '../domain/errors.ts';
import type { Route } from './routes.ts';

const services = ['coordinator', 'overlord'] as const;
const proxied = ['/status', '/druid/coordinator/', '/druid/indexer/'] as const;

export function proxyRoutes(routes: readonly Route[]): Route[] {
  const reached = routes.filter(({ path }) => proxied.some((start) => path.startsWith(start)));
  return [
    ...services.flatMap((service) =>
      reached.map((route) => ({ ...route, path: `/proxy/${service}${route.path}` })),
    ),
    {
      method: 'GET',
      path: '/proxy/enabled',
      // The console asks whether there is a proxy; Druid's own answers 400 to a service it does not know.
      handle: () => {
        throw new HeadgateError(
          'REQUEST_INVALID',
          'Unsupported proxy destination [enabled]: expected coordinator or overlord',
        );
      },
    },
  ];
}
