/** `/druid/indexer/v1/supervisor`: paths, codes and shapes as in druid.md 2.2; reads come from Postgres alone. */
import type { FastifyReply } from 'fastify';
import { HeadgateError, isHeadgateError, messageOf } from '../domain/errors.ts';
import { autoscalerView } from '../domain/autoscaler/view.ts';
import { renderSpec } from '../domain/spec/render-spec.ts';
import { findSupervisor } from './find-supervisor.ts';
import { sendJson, sendJsonText } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import { lagPayload } from './lag.ts';
import { ended, resumed, suspended, takenOn } from './order-effects.ts';
import { callerOf } from './order-headers.ts';
import { parseErrorsPayload } from './parse-errors.ts';
import { pendingVersion } from './pending-version.ts';
import { flagOf, hasQuery, queryValue, refuseDryRun, requireBody } from './routes.ts';
import type { Request, Route } from './routes.ts';
import type { Store, SupervisorRow } from './store.ts';
import { insightPayload } from './supervisor-insight.ts';
import { applySpec, applySuspended, applyTermination, storedSpec } from './supervisor-specs.ts';
import type { SpecDeps } from './supervisor-specs.ts';
import { stateOf, statusPayload } from './supervisor-status.ts';
import { statsPayload } from './supervisor-stats.ts';
import { waitForEffect } from './waiting.ts';

const base = '/druid/indexer/v1/supervisor';
const specBytesMax = 1024 * 1024;
/** Of verbs for all supervisors: so many at once, so that one that hangs does not hold the others. */
const allAtOnce = 8;

export function supervisorRoutes(deps: SpecDeps): Route[] {
  return [...readRoutes(deps), ...changeRoutes(deps)];
}

function readRoutes({ store }: SpecDeps): Route[] {
  const find = (request: Request): Promise<SupervisorRow> => findSupervisor(store, request);
  return [
    {
      method: 'GET',
      path: base,
      handle: async (request, reply) => sendList(request, reply, await active(store)),
    },
    {
      method: 'GET',
      path: `${base}/:id`,
      handle: async (request, reply) =>
        sendJsonText(reply, renderSpec((await find(request)).specText ?? 'null')),
    },
    {
      method: 'GET',
      path: `${base}/:id/status`,
      handle: async (request, reply) => sendJson(reply, await statusOf(store, await find(request))),
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
        const { supervisorId, specText } = await find(request);
        const reports = await store.parseReports(supervisorId);
        return sendJson(reply, parseErrorsPayload(reports, storedSpec(specText)));
      },
    },
    {
      method: 'GET',
      path: `${base}/:id/lag`,
      handle: async (request, reply) => {
        const { supervisorId } = await find(request);
        return sendJson(reply, lagPayload(supervisorId, await lagRows(store, supervisorId)));
      },
    },
  ];
}

function changeRoutes(deps: SpecDeps): Route[] {
  const { store } = deps;

  const setSuspended = (isSuspended: boolean) => async (request: Request, reply: FastifyReply) => {
    const row = await findSupervisor(store, request);
    refuseDryRun(request);
    const isWaiting = flagOf(request, 'wait');
    const { specText, warning } = await applySuspended(deps, row, isSuspended, callerOf(request));
    if (isWaiting) await waitForEffect(store, row.supervisorId, isSuspended ? suspended : resumed);
    // The answer is the spec, so a warning has no place but a header.
    if (warning !== undefined) void reply.header('x-headgate-warning', headerText(warning));
    return sendJsonText(reply, renderSpec(specText));
  };

  const terminate = async (request: Request, reply: FastifyReply) => {
    const { supervisorId } = await findSupervisor(store, request);
    refuseDryRun(request);
    const isWaiting = flagOf(request, 'wait');
    const answer = await applyTermination(deps, supervisorId, callerOf(request));
    if (isWaiting) await waitForEffect(store, supervisorId, ended);
    return sendJson(reply, answer);
  };

  const forAll =
    (verb: string, change: (row: SupervisorRow, by: string) => Promise<unknown>) =>
    async (request: Request, reply: FastifyReply) => {
      const by = callerOf(request);
      refuseDryRun(request);
      await changeAll(verb, await active(store), (row) => change(row, by));
      return sendJson(reply, { status: 'success' });
    };

  return [
    {
      method: 'POST',
      path: base,
      bodyLimit: specBytesMax,
      handle: async (request, reply) => {
        const options = {
          skipIfUnmodified: flagOf(request, 'skipRestartIfUnmodified'),
          ...rolloverOf(request),
          dryRun: flagOf(request, 'dryRun'),
          by: callerOf(request),
        };
        const isWaiting = flagOf(request, 'wait');
        const applied = await applySpec(deps, requireBody(request), options);
        // What waits for rollovers is not waited for.
        if (isWaiting && applied.restarted) await waitForEffect(store, applied.id, takenOn);
        return sendJson(reply, applied as Answer);
      },
    },
    { method: 'POST', path: `${base}/:id/suspend`, handle: setSuspended(true) },
    { method: 'POST', path: `${base}/:id/resume`, handle: setSuspended(false) },
    { method: 'POST', path: `${base}/:id/terminate`, handle: terminate },
    { method: 'POST', path: `${base}/:id/shutdown`, handle: terminate },
    {
      method: 'POST',
      path: `${base}/suspendAll`,
      handle: forAll('suspendAll', async (row, by) => {
        if (row.desired === 'running') await applySuspended(deps, row, true, by);
      }),
    },
    {
      method: 'POST',
      path: `${base}/resumeAll`,
      handle: forAll('resumeAll', async (row, by) => {
        if (row.desired === 'suspended') await applySuspended(deps, row, false, by);
      }),
    },
    {
      method: 'POST',
      path: `${base}/terminateAll`,
      handle: forAll('terminateAll', (row, by) => applyTermination(deps, row.supervisorId, by)),
    },
  ];
}

/** `?rollover=now|next`: when a change that needs new tasks takes effect. */
function rolloverOf(request: Request): { readonly rollover?: 'now' | 'next' } {
  const rollover = queryValue(request, 'rollover');
  if (rollover === null) return {};
  if (rollover === 'now' || rollover === 'next') return { rollover };
  throw new HeadgateError(
    'REQUEST_INVALID',
    `rollover: found ${JSON.stringify(rollover.slice(0, 60))}, expected now or next`,
  );
}

/** One that cannot be changed does not keep the others from it; the answer names it. */
async function changeAll(
  verb: string,
  rows: readonly SupervisorRow[],
  change: (row: SupervisorRow) => Promise<unknown>,
): Promise<void> {
  const failures: { readonly id: string; readonly error: unknown }[] = [];
  const waiting = [...rows];
  const work = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift())
      try {
        await change(row);
      } catch (error) {
        if (!isOvertaken(error)) failures.push({ id: row.supervisorId, error });
      }
  };
  await Promise.all(Array.from({ length: allAtOnce }, work));
  const first = failures[0];
  if (first === undefined) return;
  const cause = isHeadgateError(first.error) ? first.error : null;
  throw new HeadgateError(
    cause?.code ?? 'METADATA_UNAVAILABLE',
    `${verb}: ${failures.length} of ${rows.length} supervisors were not changed, the others were. [${first.id}]: ${messageOf(first.error)}`,
    { details: { failed: failures.map(({ id }) => id) }, cause: first.error },
  );
}

/** Somebody else did the same, or terminated it, meanwhile. */
function isOvertaken(error: unknown): boolean {
  return isHeadgateError(error) && (error.code === 'REQUEST_INVALID' || error.code === 'SUPERVISOR_UNKNOWN');
}

async function statusOf(store: Store, supervisor: SupervisorRow): Promise<Answer> {
  const id = supervisor.supervisorId;
  const [lag, autoscaler, commands, processes] = await Promise.all([
    lagRows(store, id),
    store.autoscaler(id),
    store.commands(id, { limit: 20 }),
    store.processes(),
  ]);
  const { generations } = lag;
  const pending = await pendingVersion(store, supervisor, generations);
  const nowMs = Date.now();
  const spec = storedSpec(supervisor.specText);
  return {
    id,
    generationTime: new Date(nowMs).toISOString(),
    payload: {
      ...statusPayload({ supervisor, spec, ...lag }, nowMs),
      headgate: insightPayload(
        {
          supervisor,
          generations,
          pending,
          commands,
          autoscaler: autoscalerView(autoscaler, nowMs),
          processes,
        },
        nowMs,
      ),
    },
  };
}

async function lagRows(store: Store, id: string) {
  const [generations, partitions, stream] = await Promise.all([
    store.liveGenerations(id),
    store.partitions(id),
    store.streamPositions(id),
  ]);
  return { generations, partitions, stream };
}

async function active(store: Store): Promise<SupervisorRow[]> {
  const rows = await store.list();
  return rows
    .filter((row) => row.desired !== 'terminated')
    .sort((left, right) => (left.supervisorId < right.supervisorId ? -1 : 1));
}

/** Druid's flags: `full` and `system` count by presence, `state` by value. */
function sendList(request: Request, reply: FastifyReply, rows: readonly SupervisorRow[]): FastifyReply {
  const isSystem = hasQuery(request, 'system');
  const isFull = hasQuery(request, 'full');
  const wantsState = queryValue(request, 'state')?.toLowerCase() === 'true';
  if (!isSystem && !isFull && !wantsState)
    return sendJson(
      reply,
      rows.map((row) => row.supervisorId),
    );
  return sendJsonText(reply, `[${rows.map((row) => listEntry(row, { isFull, isSystem })).join(',')}]`);
}

/** JSON text, because a spec is shown as text too. */
function listEntry(row: SupervisorRow, options: { isFull: boolean; isSystem: boolean }): string {
  const specText = renderSpec(row.specText ?? 'null');
  const spec = storedSpec(row.specText);
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
          ['source', JSON.stringify(spec?.io.topic ?? null)],
        ] as [string, string][])
      : []),
    ['suspended', String(state.suspended)],
  ];
  return `{${members.map(([key, text]) => `"${key}":${text}`).join(',')}}`;
}

function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 500);
}
