/**
 * What `headgate doctor` looks at: Postgres and its invariants, Temporal and its workers, deep storage against the rows.
 *
 * Every check answers, also when another one fails, with what was found and what to do. Nothing is repaired here; a
 * broken invariant stops publishing for the supervisors it names (protocol.md 8).
 */
import { Client, Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import { messageOf } from '../domain/errors.ts';
import type { DeepStorage } from '../segments/deep-storage/deep-storage.ts';
import { openLocalDeepStorage } from '../segments/deep-storage/local.ts';
import { query } from '../storage/call.ts';
import { segmentSample } from '../storage/catalog.ts';
import { checkInvariants } from '../storage/invariants.ts';
import { readMigrations } from '../storage/migrate.ts';
import { openPool } from '../storage/pool.ts';
import { unknownPaths } from '../storage/reaper.ts';
import { acceptRestore } from '../storage/resets.ts';
import { listSupervisors } from '../storage/supervisors.ts';
import type { SupervisorRow } from '../storage/supervisors.ts';
import { queuesOf, supervisorWorkflowId } from '../workflows/contract.ts';
import type { RoleConfig } from './config.ts';

export type Finding = {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Null when nothing is wrong. */
  readonly remedy: string | null;
};

type Settings = Pick<
  RoleConfig,
  'postgresUrl' | 'temporalAddress' | 'temporalNamespace' | 'taskQueuePrefix' | 'deepStorage'
>;

const filesListedMax = 20_000;
const sampleSize = 200;
const workflowsLookedAt = 200;
const patienceMs = 5_000;

export async function diagnose(settings: Settings): Promise<Finding[]> {
  const pool = openPool({ url: settings.postgresUrl, max: 2, applicationName: 'headgate doctor' });
  try {
    const postgres = await checkPostgres(pool);
    const isUsable = postgres.every((finding) => finding.ok);
    const supervisors = isUsable ? await listSupervisors(pool) : null;
    return [
      ...postgres,
      ...(supervisors ? [await checkRows(pool), ...supervisors.flatMap(checkSupervisor)] : []),
      ...(await checkTemporal(settings, supervisors)),
      ...(isUsable ? await checkFiles(pool, openLocalDeepStorage(settings.deepStorage)) : []),
    ];
  } finally {
    await pool.end();
  }
}

/** The operator's word that a stopped supervisor was looked into: it goes on under a new timeline (protocol.md 7). */
export async function acceptStoppedSupervisor(settings: Settings, supervisorId: string): Promise<void> {
  const pool = openPool({ url: settings.postgresUrl, max: 1, applicationName: 'headgate doctor' });
  try {
    await acceptRestore(pool, { supervisorId, by: 'doctor' });
  } finally {
    await pool.end();
  }
}

async function checkPostgres(pool: Pool): Promise<Finding[]> {
  const known = readMigrations().length;
  try {
    await query(pool, 'select 1');
  } catch (error) {
    return [wrong('Postgres', messageOf(error), 'start Postgres, or correct HEADGATE_POSTGRES_URL')];
  }
  try {
    const { rows } = await query(pool, 'select max(version) as version from schema_migration');
    const version = Number(rows[0]?.['version'] ?? 0);
    if (version < known)
      return [
        wrong(
          'Postgres',
          `schema version ${version}, this program needs ${known}`,
          'start any role: it migrates',
        ),
      ];
    return [fine('Postgres', `reachable, schema version ${version}`)];
  } catch {
    return [wrong('Postgres', 'the database has no schema yet', 'start any role: it makes one')];
  }
}

async function checkRows(pool: Pool): Promise<Finding> {
  const broken = (await checkInvariants(pool)).filter((check) => !check.ok);
  if (broken.length === 0) return fine('invariants', 'all that SQL can see hold');
  return wrong(
    'invariants',
    broken.map((check) => `${check.id}: ${check.detail}`).join('; '),
    'publishing is stopped for the supervisors named; see docs/invariants.md, repair, then --accept-restore <id>',
  );
}

function checkSupervisor(row: SupervisorRow): Finding[] {
  const name = `supervisor ${row.supervisorId}`;
  if (row.halted)
    return [
      wrong(
        name,
        `publishing is stopped: ${row.halted.why}`,
        `look into it, then headgate doctor --accept-restore ${row.supervisorId}`,
      ),
    ];
  if (row.desired === 'terminated' || row.status === null || row.status.healthy) return [];
  return [wrong(name, `${row.status.detailedState}: ${row.status.reason}`, row.status.remedy)];
}

async function checkTemporal(
  settings: Settings,
  supervisors: readonly SupervisorRow[] | null,
): Promise<Finding[]> {
  const { temporalAddress: address, temporalNamespace: namespace } = settings;
  const connection = Connection.lazy({ address });
  const client = new Client({ connection, namespace });
  try {
    return await client.withDeadline(Date.now() + patienceMs, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      const queues = queuesOf(settings.taskQueuePrefix);
      return [
        fine('Temporal', `reachable at ${address}, namespace ${namespace}`),
        await checkPollers(connection, namespace, queues.control, 'control worker'),
        await checkPollers(connection, namespace, queues.ingest, 'ingest worker'),
        ...(supervisors ? [await checkWorkflows(client, supervisors)] : []),
      ];
    });
  } catch (error) {
    return [
      wrong(
        'Temporal',
        `${address}, namespace ${namespace}: ${messageOf(error)}`,
        'start it, or correct HEADGATE_TEMPORAL_ADDRESS',
      ),
    ];
  } finally {
    await connection.close();
  }
}

/** Temporal remembers a poller for some minutes: only one heard of lately counts. */
async function checkPollers(
  connection: Connection,
  namespace: string,
  queue: string,
  what: string,
): Promise<Finding> {
  // 1 is the workflow queue, 2 the activity queue; ingest workers serve only the second.
  const kind = what.startsWith('control') ? 1 : 2;
  const answer = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: kind,
  });
  const recent = (answer.pollers ?? []).filter(
    (poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - 90_000,
  );
  if (recent.length > 0) return fine(`${what}s`, `${recent.length} poll on ${queue}`);
  return wrong(`${what}s`, `none polls on ${queue}`, `start one: headgate worker ${what.split(' ')[0]}`);
}

async function checkWorkflows(client: Client, supervisors: readonly SupervisorRow[]): Promise<Finding> {
  const expected = supervisors.filter((row) => row.desired !== 'terminated').slice(0, workflowsLookedAt);
  const missing: string[] = [];
  for (const { supervisorId } of expected) {
    const status = await client.workflow
      .getHandle(supervisorWorkflowId(supervisorId))
      .describe()
      .then((description) => description.status.name)
      .catch(() => null);
    if (status !== 'RUNNING') missing.push(supervisorId);
  }
  if (missing.length === 0) return fine('supervisor workflows', `${expected.length} should run and do`);
  return wrong(
    'supervisor workflows',
    `not running: ${missing.slice(0, 20).join(', ')}`,
    'a control worker starts them within 30 s; is one running?',
  );
}

async function checkFiles(pool: Pool, storage: DeepStorage): Promise<Finding[]> {
  try {
    return [await checkSample(pool, storage), await checkStrangers(pool, storage)];
  } catch (error) {
    return [wrong('deep storage', messageOf(error), 'make the folder of HEADGATE_DEEP_STORAGE readable')];
  }
}

async function checkSample(pool: Pool, storage: DeepStorage): Promise<Finding> {
  const sample = await segmentSample(pool, sampleSize);
  const bad: string[] = [];
  for (const segment of sample) {
    const found = await storage.stat(segment.path);
    if (found === null) bad.push(`${segment.path} is missing`);
    else if (String(found.size) !== segment.size)
      bad.push(`${segment.path} has ${found.size} bytes, expected ${segment.size}`);
  }
  if (bad.length === 0) return fine('segment files', `${sample.length} looked at, all there in full`);
  return wrong(
    'segment files',
    bad.slice(0, 5).join('; '),
    'bring the files back from a backup: their rows are published',
  );
}

async function checkStrangers(pool: Pool, storage: DeepStorage): Promise<Finding> {
  const paths: string[] = [];
  for await (const { path } of storage.list('')) {
    paths.push(path);
    if (paths.length >= filesListedMax) break;
  }
  const strangers = paths.length === 0 ? [] : await unknownPaths(pool, paths);
  if (strangers.length === 0) return fine('files without a row', `none among ${paths.length}`);
  return wrong(
    'files without a row',
    `${strangers.length} of ${paths.length}, such as ${strangers.slice(0, 3).join(', ')}`,
    'is this folder used by another system, or is the database older than the files?',
  );
}

function fine(check: string, detail: string): Finding {
  return { check, ok: true, detail, remedy: null };
}

function wrong(check: string, detail: string, remedy: string | null): Finding {
  return { check, ok: false, detail, remedy };
}
