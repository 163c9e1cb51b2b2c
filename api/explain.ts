/** `GET /:id/explain`: what happened to a supervisor and why, newest first, and what it has in mind. Also of a terminated one. */
import { autoscalerView } from '../domain/autoscaler/view.ts';
import { HeadgateError } from '../domain/errors.ts';
import { parseInstant } from '../domain/spec/instant.ts';
import { storyKinds } from '../domain/supervisor/story.ts';
import type { StoryKind } from '../domain/supervisor/story.ts';
import { findEver } from './find-supervisor.ts';
import { sendJson } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { pendingVersion } from './pending-version.ts';
import { countOf, queryValue } from './routes.ts';
import type { Request, Route } from './routes.ts';
import type { Store } from './store.ts';

const usualCount = 100;
const countMost = 2_000;

export function explainRoutes(store: Store): Route[] {
  return [
    {
      method: 'GET',
      path: '/druid/indexer/v1/supervisor/:id/explain',
      handle: async (request, reply) => {
        const row = await findEver(store, request);
        const id = row.supervisorId;
        const limit = countOf(request, 'limit', countMost) ?? usualCount;
        const kinds = kindsOf(request);
        const since = sinceOf(request);
        const [lines, autoscaler, generations] = await Promise.all([
          // One more than asked for tells whether there is more.
          store.story(id, { limit: limit + 1, ...(kinds === null ? {} : { kinds }) }),
          store.autoscaler(id),
          store.liveGenerations(id),
        ]);
        const recent = lines.filter(({ atMs }) => atMs >= since);
        const shown = recent.slice(0, limit);
        return sendJson(reply, {
          id,
          lines: shown as unknown as Answer,
          truncated: shown.length < recent.length,
          autoscaler: autoscalerView(autoscaler, Date.now()) as Answer,
          pending: (await pendingVersion(store, row, generations)) as Answer,
        });
      },
    },
  ];
}

/** `?kind=a,b`; null: all. */
function kindsOf(request: Request): readonly StoryKind[] | null {
  const text = queryValue(request, 'kind');
  if (text === null || text === '') return null;
  return text.split(',').map((name) => {
    const kind = storyKinds.find((known) => known === name.trim());
    if (kind === undefined)
      throw new HeadgateError(
        'REQUEST_INVALID',
        `kind: found ${JSON.stringify(name.slice(0, 60))}, expected some of ${storyKinds.join(', ')}`,
      );
    return kind;
  });
}

function sinceOf(request: Request): number {
  const text = queryValue(request, 'since');
  if (text === null) return 0;
  const ms = parseInstant(text);
  if (ms === null)
    throw new HeadgateError(
      'REQUEST_INVALID',
      `since: found ${JSON.stringify(text.slice(0, 60))}, expected an ISO time such as 2026-01-01T00:00:00Z`,
    );
  return ms;
}
