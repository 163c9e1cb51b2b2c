/** Supervisors, their versions and orders; stream positions; workers. */
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../domain/positions.ts';
import type { Database } from '../../storage/call.ts';
import { readPartitions, readStreamPositions } from '../../storage/partitions.ts';
import { writeLook } from '../../storage/looks.ts';
import {
  haltSupervisor,
  listCommands,
  listSupervisors,
  markTerminated,
  readCommand,
  readSpecVersion,
  readSupervisor,
  recordCommand,
  storeSupervisorVersion,
  storeTombstone,
  supervisorHistory,
  versionEffects,
  writeSupervisorStatus,
} from '../../storage/supervisors.ts';
import { listWorkers, registerWorker, removeWorker, touchWorker } from '../../storage/workers.ts';
import { Fixture } from './fixture.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();
const version = (specText: string) => ({
  supervisorId: 'wiki',
  dataSource: 'wikipedia',
  specText,
  by: 'ada',
  desired: 'running' as const,
});

describe('a supervisor', () => {
  it('keeps every version as posted', async () => {
    await undone(async (database) => {
      expect(await storeSupervisorVersion(database, version('{ "a" : 1 }'))).toEqual({
        version: 1,
        created: true,
      });
      expect(await storeSupervisorVersion(database, { ...version('{}'), desired: 'suspended' })).toEqual({
        version: 2,
        created: false,
      });
      expect(await readSpecVersion(database, 'wiki', 1)).toEqual({ specText: '{ "a" : 1 }' });
      expect(await readSpecVersion(database, 'wiki', 9)).toBeNull();
      expect(await readSupervisor(database, 'wiki')).toMatchObject({
        version: 2,
        desired: 'suspended',
        specText: '{}',
        term: '1',
        commitSeq: '0',
        terminatedDone: false,
        halted: null,
        status: null,
      });
      expect((await supervisorHistory(database, 'wiki')).map((row) => row.version)).toEqual([2, 1]);
      expect(await supervisorHistory(database, null)).toHaveLength(2);
      expect(await readSupervisor(database, 'other')).toBeNull();
    });
  });

  it('makes no new version of the same spec when asked not to', async () => {
    await undone(async (database) => {
      await storeSupervisorVersion(database, version('{}'));
      const same = { ...version('{}'), onlyIfChanged: true };
      expect(await storeSupervisorVersion(database, same)).toEqual({ version: 1, created: false });
      expect(await storeSupervisorVersion(database, { ...same, desired: 'suspended' })).toMatchObject({
        version: 2,
      });
      expect(await storeSupervisorVersion(database, version('{}'))).toMatchObject({ version: 3 });
    });
  });

  it('druid 6.89 testRemoveTerminatedSupervisorsOlderThan: history and positions of a terminated one are kept', async () => {
    await undone(async (database) => {
      await Fixture.with(database);
      await storeTombstone(database, { supervisorId: 'wiki', by: 'ada' });
      await markTerminated(database, 'wiki');
      await database.query(`update supervisor set updated_at = now() - interval '10 years'`);
      expect((await supervisorHistory(database, 'wiki')).map(({ specText }) => specText === null)).toEqual([
        true,
        false,
      ]);
      expect(await readPartitions(database, 'wiki')).toHaveLength(2);
    });
  });

  it('is terminated once, and revived with its positions', async () => {
    await undone(async (database) => {
      await Fixture.with(database);
      expect(await storeTombstone(database, { supervisorId: 'wiki', by: 'ada' })).toEqual({ version: 2 });
      expect(await storeTombstone(database, { supervisorId: 'wiki', by: 'ada' })).toEqual({ version: 2 });
      expect(await storeTombstone(database, { supervisorId: 'nobody', by: 'ada' })).toBeNull();
      await markTerminated(database, 'wiki');
      expect(await readSupervisor(database, 'wiki')).toMatchObject({
        desired: 'terminated',
        specText: null,
        terminatedDone: true,
      });
      expect(await storeSupervisorVersion(database, version('{}'))).toEqual({ version: 3, created: true });
      // The workflow of the life before may still report: nothing happens.
      await markTerminated(database, 'wiki');
      expect(await readSupervisor(database, 'wiki')).toMatchObject({
        desired: 'running',
        terminatedDone: false,
      });
      expect((await readPartitions(database, 'wiki')).map((row) => row.nextPosition)).toEqual(['100', '200']);
    });
  });

  it('shows its last status', async () => {
    await undone(async (database) => {
      await storeSupervisorVersion(database, version('{}'));
      const status = {
        state: 'RUNNING',
        detailedState: 'RUNNING',
        healthy: true,
        suspended: false,
        reason: '',
        remedy: null,
        recentErrors: [],
        asOfMs: 5,
      } as const;
      await writeSupervisorStatus(database, 'wiki', status);
      await writeSupervisorStatus(database, 'wiki', { ...status, asOfMs: 6 });
      expect((await listSupervisors(database))[0]?.status).toMatchObject({ asOfMs: 6 });
    });
  });

  it('that is halted keeps the first reason', async () => {
    await undone(async (database) => {
      await storeSupervisorVersion(database, version('{}'));
      await haltSupervisor(database, { supervisorId: 'wiki', code: 'INVARIANT_VIOLATED', why: 'first' });
      await haltSupervisor(database, { supervisorId: 'wiki', code: 'INVARIANT_VIOLATED', why: 'second' });
      expect((await readSupervisor(database, 'wiki'))?.halted?.why).toBe('first');
    });
  });
});

describe('an order', () => {
  it('is recorded once, and its outcome stays', async () => {
    await undone(async (database) => {
      const order = { commandId: 'c1', supervisorId: 'wiki', verb: 'suspend' };
      expect(await recordCommand(database, { ...order, state: 'accepted' })).toEqual({ first: true });
      expect(await recordCommand(database, { ...order, state: 'accepted' })).toEqual({ first: false });
      expect(await recordCommand(database, { ...order, state: 'done', outcome: { ok: 1 } })).toEqual({
        first: false,
      });
      expect(await recordCommand(database, { ...order, state: 'refused' })).toEqual({ first: false });
      expect(await readCommand(database, 'c1')).toMatchObject({
        ...order,
        state: 'done',
        outcome: { ok: 1 },
      });
      expect(await readCommand(database, 'c2')).toBeNull();
    });
  });

  it('is listed under its supervisor, the newest first', async () => {
    await undone(async (database) => {
      const order = { supervisorId: 'wiki', verb: 'reset', state: 'done' as const };
      for (const commandId of ['c1', 'c2', 'c3'])
        await recordCommand(database, { ...order, commandId, input: { dryRun: true }, by: 'ada' });
      await recordCommand(database, { ...order, commandId: 'c4', supervisorId: 'other' });
      const rows = await listCommands(database, 'wiki', { limit: 2 });
      expect(rows.map(({ commandId }) => commandId)).toEqual(['c3', 'c2']);
      expect(rows[0]).toMatchObject({ input: { dryRun: true }, by: 'ada', state: 'done' });
    });
  });
});

describe('the versions after one', () => {
  it('say when they take effect', async () => {
    await undone(async (database) => {
      await storeSupervisorVersion(database, version('{}'));
      await storeSupervisorVersion(database, { ...version('{"a":1}'), takesEffect: 'next' });
      await storeSupervisorVersion(database, { ...version('{"a":2}'), takesEffect: 'nothing' });
      expect(await versionEffects(database, 'wiki', 1)).toEqual([
        { version: 2, takesEffect: 'next' },
        { version: 3, takesEffect: 'nothing' },
      ]);
      expect(await versionEffects(database, 'wiki', 3)).toEqual([]);
    });
  });
});

function writePositions(
  database: Database,
  stream: string,
  positions: Parameters<typeof writeLook>[1]['positions'],
): Promise<void> {
  return writeLook(database, { supervisorId: 'wiki', status: null, stream, positions });
}

describe('stream positions', () => {
  it('are one snapshot, replaced by the next', async () => {
    await undone(async (database) => {
      const row = { partition: '10', earliest: toPosition(1), latest: toPosition(9), current: null };
      await writePositions(database, 'clicks', [row, { ...row, partition: '9', latest: null }]);
      await writePositions(database, 'clicks', [{ ...row, latest: toPosition(12) }]);
      const rows = await readStreamPositions(database, 'wiki');
      expect(rows.map(({ partition, latest }) => [partition, latest])).toEqual([
        ['9', null],
        ['10', '12'],
      ]);
    });
  });

  it('come by topic and number, and hold the time lag as long as it is known', async () => {
    await undone(async (database) => {
      const row = { earliest: null, latest: toPosition(9), current: toPosition(1) };
      await writePositions(database, '.*', [
        { ...row, partition: 'b:0', lagMs: null },
        { ...row, partition: 'a:10', lagMs: 0 },
        { ...row, partition: 'a:9', lagMs: 2 ** 40 },
      ]);
      const lags = async () =>
        (await readStreamPositions(database, 'wiki')).map(({ partition, lagMs }) => [partition, lagMs]);
      expect(await lags()).toEqual([
        ['a:9', 2 ** 40],
        ['a:10', 0],
        ['b:0', null],
      ]);
      await writePositions(database, '.*', [{ ...row, partition: 'a:9' }]);
      expect((await lags())[0]).toEqual(['a:9', null]);
    });
  });
});

describe('a worker', () => {
  it('is listed from its start to its end', async () => {
    await undone(async (database) => {
      const worker = { workerId: 'w1', role: 'ingest', address: '127.0.0.1:1', token: 't', slots: 4 };
      await registerWorker(database, worker);
      await registerWorker(database, { ...worker, address: '127.0.0.1:2' });
      expect(await touchWorker(database, 'w1')).toBe(true);
      expect(await listWorkers(database)).toMatchObject([{ ...worker, address: '127.0.0.1:2' }]);
      await removeWorker(database, 'w1');
      expect(await touchWorker(database, 'w1')).toBe(false);
      expect(await listWorkers(database)).toEqual([]);
    });
  });
});
