/** `POST /druid/v2/sql` with Druid's headers and error shape, and cancelling by id. */
import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';
import type { QueryEngine } from '../query/engine.ts';
import { limitExceeded } from '../query/limits.ts';
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
  const unread = new UnreadAnswers();
  return [
    {
      method: 'POST',
      path: sqlPath,
      bodyLimit: sqlBytesMax,
      handle: async (request, reply) => {
        unread.checkRoom();
        const query = readSqlRequest(requireBody(request).value);
        const id = query.id ?? randomUUID();
        // On the reply before anything can fail: an error has them too, as in Druid.
        void reply.headers({ 'x-druid-sql-query-id': id, 'x-druid-query-id': id });
        const answer = await engine.run({ ...query, id, left: leftSignal(reply) });
        unread.hold(answer.body.length, reply);
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

/** Aborted when whoever asked hangs up; a query nobody waits for is not run to its end. */
function leftSignal(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once('close', () => left.abort());
  return left.signal;
}

const unreadBytesMax = 512 * 1024 * 1024;
/** Without a byte taken. */
const unreadMs = 60_000;

/** Answers are held whole until they are fetched: somebody who asks and does not read must not fill the process. */
class UnreadAnswers {
  #bytes = 0;

  checkRoom(): void {
    if (this.#bytes > unreadBytesMax)
      throw limitExceeded(
        'concurrent',
        `answers of ${this.#bytes} bytes wait to be fetched, expected at most ${unreadBytesMax}; try again later`,
      );
  }

  hold(bytes: number, { raw }: FastifyReply): void {
    if (raw.destroyed) return;
    this.#bytes += bytes;
    raw.once('close', () => (this.#bytes -= bytes));
    raw.setTimeout(unreadMs, () => raw.destroy());
  }
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
