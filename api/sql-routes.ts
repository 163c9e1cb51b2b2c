/** `POST /druid/v2/sql` with Druid's headers and error shape, and cancelling by id. */
import { randomUUID } from 'node:crypto';
import { HeadgateError } from '../domain/errors.ts';
import type { QueryEngine } from '../query/engine.ts';
import { requireBody } from './routes.ts';
import type { Route } from './routes.ts';
import { readSqlRequest } from './sql-request.ts';

const sqlBytesMax = 256 * 1024;

export const sqlPath = '/druid/v2/sql';

export type SqlDeps = {
  readonly engine: Pick<QueryEngine, 'run' | 'cancel'>;
  readonly dataSourceNames: () => Promise<readonly string[]>;
};

export function sqlRoutes({ engine, dataSourceNames }: SqlDeps): Route[] {
  return [
    {
      method: 'POST',
      path: sqlPath,
      bodyLimit: sqlBytesMax,
      handle: async (request, reply) => {
        const query = readSqlRequest(requireBody(request).value);
        const id = query.id ?? randomUUID();
        // On the reply before anything can fail: an error has them too, as in Druid.
        void reply.headers({ 'x-druid-sql-query-id': id, 'x-druid-query-id': id });
        const answer = await engine.run({ ...query, id });
        void reply.headers({
          'x-druid-response-context': responseContext(answer.incomplete),
          ...(answer.incomplete.length === 0
            ? {}
            : { 'x-headgate-incomplete': headerText(answer.incomplete) }),
          ...(query.hasHeader ? { 'x-druid-sql-header-included': 'yes' } : {}),
        });
        return reply.type('application/json').send(answer.body);
      },
    },
    {
      method: 'DELETE',
      path: `${sqlPath}/:id`,
      handle: async (request, reply) => {
        const id = request.params['id'] ?? '';
        if (!engine.cancel(id))
          throw new HeadgateError('REQUEST_INVALID', `query [${id.slice(0, 200)}] is not running`, {
            details: { status: 404 },
          });
        return reply.code(202).send();
      },
    },
    {
      method: 'GET',
      path: '/druid/v2/datasources',
      handle: async (_request, reply) =>
        reply.type('application/json').send(JSON.stringify(await dataSourceNames())),
    },
  ];
}

const headerLengthMax = 1_000;

function responseContext(incomplete: readonly string[]): string {
  if (incomplete.length === 0) return '{}';
  return JSON.stringify({ headgateIncomplete: headerText(incomplete) });
}

/** Sentences as one header: nothing that is not plain ASCII may stand in it. */
function headerText(sentences: readonly string[]): string {
  const text = sentences.join('; ').replace(/[^\x20-\x7e]/g, '?');
  return text.length > headerLengthMax ? `${text.slice(0, headerLengthMax)}...` : text;
}
