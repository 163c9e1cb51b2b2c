/** Registers routes from tables, and answers 405 with `Allow` on every path for the methods it does not have. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';
import type { JsonBody } from './json-body.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

export type Request = FastifyRequest<{
  Params: Record<string, string>;
  Querystring: Record<string, string | string[]>;
  Body: JsonBody | undefined;
}>;

export type Route = {
  readonly method: Method;
  readonly path: string;
  readonly handle: (request: Request, reply: FastifyReply) => Promise<FastifyReply> | FastifyReply;
  /** Looked at before the body and its type are; throws to refuse. */
  readonly before?: (request: Request) => Promise<unknown>;
  /** Bytes; a small default holds for the rest. */
  readonly bodyLimit?: number;
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;

export function addRoutes(server: FastifyInstance, routes: readonly Route[]): void {
  const byPath = new Map<string, Method[]>();
  for (const route of routes) {
    byPath.set(route.path, [...(byPath.get(route.path) ?? []), route.method]);
    server.route<{
      Params: Record<string, string>;
      Querystring: Record<string, string | string[]>;
      Body: JsonBody | undefined;
    }>({
      method: route.method,
      url: route.path,
      handler: route.handle,
      ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
      ...(route.before === undefined
        ? {}
        : { onRequest: async (request) => void (await route.before?.(request)) }),
    });
  }
  for (const [path, present] of byPath) {
    const allow = present.join(', ');
    const rest = methods.filter(
      (method) => !present.includes(method as Method) && !(method === 'HEAD' && present.includes('GET')),
    );
    server.route({
      method: rest,
      url: path,
      // Before the body is read: its type and size do not matter here.
      onRequest: (request, reply, done) => {
        void reply.header('allow', allow);
        done(
          new HeadgateError(
            'REQUEST_INVALID',
            `method: found ${request.method}, expected ${allow} for this path`,
            {
              details: { status: 405 },
            },
          ),
        );
      },
      handler: () => {},
    });
  }
}

/** A JSON body that must be there. */
export function requireBody(request: Request): JsonBody {
  const contentType = request.headers['content-type'];
  if (contentType === undefined)
    throw new HeadgateError('REQUEST_INVALID', 'Content-Type: found none, expected application/json', {
      details: { status: 415 },
    });
  if (request.body === undefined)
    throw new HeadgateError('REQUEST_INVALID', 'body: found nothing, expected a JSON object');
  return request.body;
}

/** Druid's flags count by presence (`?full`), ours by value (`?wait=true`). */
export function queryValue(request: Request, name: string): string | null {
  const value = Object.hasOwn(request.query, name) ? request.query[name] : undefined;
  return value === undefined ? null : String(Array.isArray(value) ? value.at(-1) : value);
}

/** Of our own flags: `true` or `false`, and absent is false. Throws REQUEST_INVALID. */
export function flagOf(request: Request, name: string): boolean {
  const text = queryValue(request, name);
  if (text === null || text === 'false') return false;
  if (text === 'true') return true;
  throw new HeadgateError(
    'REQUEST_INVALID',
    `${name}: found ${JSON.stringify(text.slice(0, 60))}, expected true or false`,
  );
}

/** Whoever asks for a rehearsal of what has none must not get the thing itself. Throws REQUEST_INVALID. */
export function refuseDryRun(request: Request): void {
  if (flagOf(request, 'dryRun'))
    throw new HeadgateError(
      'REQUEST_INVALID',
      'dryRun: found true, but this order cannot be rehearsed; nothing was done. Leave dryRun out to carry it out',
    );
}

/** A whole number from 1 to `most`. Throws REQUEST_INVALID. */
export function countOf(request: Request, name: string, most: number): number | null {
  const text = queryValue(request, name);
  if (text === null) return null;
  if (!/^[1-9]\d{0,8}$/.test(text) || Number(text) > most)
    throw new HeadgateError(
      'REQUEST_INVALID',
      `${name}: found ${JSON.stringify(text.slice(0, 60))}, expected a whole number from 1 to ${most}`,
    );
  return Number(text);
}

export function hasQuery(request: Request, name: string): boolean {
  return queryValue(request, name) !== null;
}
