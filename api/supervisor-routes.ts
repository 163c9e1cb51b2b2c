/** `/druid/indexer/v1/supervisor`: paths, codes and shapes as in druid.md 2.2; reads come from Postgres alone. */
import type { FastifyReply } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';
import { maskSpecText } from '../domain/spec/secrets.ts';
import { sendJson, sendJsonText } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { hasQuery, queryValue, requireBody } from './routes.ts';
import type { Request, Route } from './routes.ts';
import type { SupervisorRow } from './store.ts';
import {
  applySpec,
  applySuspended,
  applyTermination,
  storedSpec,
  unknownSupervisor,
} from './supervisor-specs.ts';
import type { SpecDeps } from './supervisor-specs.ts';
import { stateOf, statusPayload } from './supervisor-status.ts';
import { parseErrorsPayload } from './parse-errors.ts';
import { statsPayload } from './supervisor-stats.ts';
import { waitForRow } from './waiting.ts';

const base = '/druid/indexer/v1/supervisor';
const specBytesMax = 1024 * 1024;

export function supervisorRoutes(deps: SpecDeps): Route[] {
  const { store } = deps;

  /** Throws SUPERVISOR_UNKNOWN for an id that is not there or was terminated. Before the body is looked at. */
  const find = async (request: Request): Promise<SupervisorRow> => {
    const id = idOf(request);
    const row = await store.read(id);
    if (row === null || row.desired === 'terminated') throw unknownSupervisor(id);
    return row;
  };

  const setSuspended = (suspended: boolean) => async (request: Request, reply: FastifyReply) => {
    const row = await find(request);
    const { specText, warning } = await applySuspended(deps, row, suspended);
    if (queryValue(request, 'wait') === 'true') {
      const state = suspended ? 'SUSPENDED' : 'RUNNING';
      await waitForRow(store, row.supervisorId, `state ${state}`, (now) => now?.status?.state === state);
    }
    // The answer is the spec, so a warning has no place but a header.
    if (warning !== undefined) void reply.header('x-headgate-warning', headerText(warning));
    return sendJsonText(reply, maskSpecText(specText));
  };

  const terminate = async (request: Request, reply: FastifyReply) => {
    const row = await find(request);
    const answer = await applyTermination(deps, row.supervisorId);
    if (queryValue(request, 'wait') === 'true')
      await waitForRow(
        store,
        row.supervisorId,
        'the end of its task groups',
        (now) => now?.terminatedDone === true,
      );
    return sendJson(reply, answer);
  };

  const forAll =
    (change: (row: SupervisorRow) => Promise<unknown>) => async (_request: Request, reply: FastifyReply) => {
      for (const row of await active(deps)) await change(row);
      return sendJson(reply, { status: 'success' });
    };

  return [
    {
      method: 'POST',
      path: base,
      bodyLimit: specBytesMax,
      handle: async (request, reply) => {
        const flag = queryValue(request, 'skipRestartIfUnmodified') ?? 'false';
        if (flag !== 'true' && flag !== 'false')
          throw new HeadgateError(
            'REQUEST_INVALID',
            `skipRestartIfUnmodified: found ${JSON.stringify(flag.slice(0, 60))}, expected true or false`,
          );
        const body = requireBody(request);
        return sendJson(
          reply,
          (await applySpec(deps, body, { skipIfUnmodified: flag === 'true' })) as Answer,
        );
      },
    },
    {
      method: 'GET',
      path: base,
      handle: async (request, reply) => {
        const rows = await active(deps);
        const isSystem = hasQuery(request, 'system');
        const isFull = hasQuery(request, 'full');
        const wantsState = queryValue(request, 'state')?.toLowerCase() === 'true';
        if (!isSystem && !isFull && !wantsState)
          return sendJson(
            reply,
            rows.map((row) => row.supervisorId),
          );
        const entries = rows.map((row) => listEntry(row, { isFull, isSystem }));
        return sendJsonText(reply, `[${entries.join(',')}]`);
      },
    },
    {
      method: 'GET',
      path: `${base}/:id`,
      handle: async (request, reply) =>
        sendJsonText(reply, maskSpecText((await find(request)).specText ?? 'null')),
    },
    {
      method: 'GET',
      path: `${base}/:id/status`,
      handle: async (request, reply) => {
        const supervisor = await find(request);
        const id = supervisor.supervisorId;
        const [generations, partitions, stream] = await Promise.all([
          store.liveGenerations(id),
          store.partitions(id),
          store.streamPositions(id),
        ]);
        const rows = { supervisor, spec: storedSpec(supervisor.specText), generations, partitions, stream };
        const nowMs = Date.now();
        return sendJson(reply, {
          id,
          generationTime: new Date(nowMs).toISOString(),
          payload: statusPayload(rows, nowMs),
        });
      },
    },
    {
      method: 'GET',
      path: `${base}/:id/health`,
      handle: async (request, reply) => {
        const { healthy } = stateOf(await find(request));
        return sendJson(reply, { healthy }, healthy ? 200 : 503);
      },
    },
    {
      method: 'GET',
      path: `${base}/:id/stats`,
      handle: async (request, reply) => {
        const { supervisorId } = await find(request);
        return sendJson(reply, statsPayload(await store.liveGenerations(supervisorId)));
      },
    },
    {
      method: 'GET',
      path: `${base}/:id/parseErrors`,
      handle: async (request, reply) => {
        const { supervisorId } = await find(request);
        return sendJson(reply, parseErrorsPayload(await store.parseReports(supervisorId)));
      },
    },
    { method: 'POST', path: `${base}/:id/suspend`, handle: setSuspended(true) },
    { method: 'POST', path: `${base}/:id/resume`, handle: setSuspended(false) },
    { method: 'POST', path: `${base}/:id/terminate`, handle: terminate },
    { method: 'POST', path: `${base}/:id/shutdown`, handle: terminate },
    {
      method: 'POST',
      path: `${base}/suspendAll`,
      handle: forAll(async (row) => row.desired === 'running' && (await applySuspended(deps, row, true))),
    },
    {
      method: 'POST',
      path: `${base}/resumeAll`,
      handle: forAll(async (row) => row.desired === 'suspended' && (await applySuspended(deps, row, false))),
    },
    {
      method: 'POST',
      path: `${base}/terminateAll`,
      handle: forAll((row) => applyTermination(deps, row.supervisorId)),
    },
  ];
}

async function active({ store }: SpecDeps): Promise<SupervisorRow[]> {
  const rows = await store.list();
  return rows
    .filter((row) => row.desired !== 'terminated')
    .sort((left, right) => (left.supervisorId < right.supervisorId ? -1 : 1));
}

/** JSON text, because the spec goes in as it came. */
function listEntry(row: SupervisorRow, options: { isFull: boolean; isSystem: boolean }): string {
  const specText = maskSpecText(row.specText ?? 'null');
  const state = stateOf(row);
  const members: [string, string][] = [
    ['id', JSON.stringify(row.supervisorId)],
    ['dataSource', JSON.stringify(row.dataSource)],
    ['state', JSON.stringify(state.state)],
    ['detailedState', JSON.stringify(state.detailedState)],
    ['healthy', String(state.healthy)],
    ...(options.isFull ? [['spec', specText] as [string, string]] : []),
    ...(options.isSystem
      ? ([
          ['specString', JSON.stringify(specText)],
          ['type', '"kafka"'],
          ['source', JSON.stringify(storedSpec(row.specText)?.io.topic ?? null)],
        ] as [string, string][])
      : []),
    ['suspended', String(state.suspended)],
  ];
  return `{${members.map(([key, text]) => `"${key}":${text}`).join(',')}}`;
}

/** Postgres cannot hold a NUL, so no supervisor has one; anything else is simply looked up. */
export function idOf(request: Request): string {
  const id = request.params['id'] ?? '';
  if (id.includes('\0'))
    throw new HeadgateError('REQUEST_INVALID', 'supervisor id: found a NUL character, expected a name');
  return id;
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 500);
}
